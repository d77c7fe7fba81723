{{- define "stipend.name" -}}
{{- printf "%s-%s" .root.Release.Name .service | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "stipend.selector" -}}
app.kubernetes.io/part-of: stipend
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .service }}
{{- end -}}

{{- define "stipend.labels" -}}
{{ include "stipend.selector" . }}
app.kubernetes.io/version: {{ .root.Values.image.tag | default .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end -}}

{{- define "stipend.image" -}}
{{ required "image.repository: the image of deploy/Dockerfile in your registry" .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- define "stipend.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "stipend.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/* A variable whose value stands in a secret. */}}
{{- define "stipend.fromSecret" -}}
- name: {{ .variable }}
  valueFrom: { secretKeyRef: { name: {{ .secret | quote }}, key: {{ .key | quote }} } }
{{- end -}}

{{/* Variables of one service: what the chart knows, then those of all services, then its own; the last one wins. */}}
{{- define "stipend.env" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
{{- $url := printf "http://%s-%%s:8080" $root.Release.Name -}}
{{- $known := dict
  "STIPEND_HTTP_HOST" "0.0.0.0"
  "STIPEND_HTTP_PORT" "8080"
  "STIPEND_METRICS_PORT" "9090"
  "STIPEND_LOG_LEVEL" $values.logLevel
  "STIPEND_TIMEZONE" $values.timezone
  "STIPEND_KAFKA_BROKERS" (required "kafka.brokers" $values.kafka.brokers)
  "STIPEND_KAFKA_REPLICATION" $values.kafka.replication
  "OTEL_SERVICE_NAME" .service
-}}
{{- if $values.tracing.endpoint -}}
{{- $_ := set $known "OTEL_EXPORTER_OTLP_ENDPOINT" $values.tracing.endpoint -}}
{{- $_ := set $known "OTEL_TRACES_SAMPLER_ARG" $values.tracing.ratio -}}
{{- end -}}
{{- if ne .service "gateway" -}}
{{- $_ := set $known "STIPEND_INTERNAL_JWKS_FILE" "/stipend/keys/internal.jwks.json" -}}
{{- end -}}
{{- if has .service (list "gateway" "monitor") -}}
{{- $_ := set $known "STIPEND_INTERNAL_KEY_FILE" (printf "/stipend/keys/%s.private.jwk.json" .service) -}}
{{- $_ := set $known "STIPEND_CREDITS_URL" (printf $url "credits") -}}
{{- $_ := set $known "STIPEND_MEMBERSHIP_URL" (printf $url "membership") -}}
{{- $_ := set $known "STIPEND_AUDIT_URL" (printf $url "admin-audit") -}}
{{- end -}}
{{- if eq .service "gateway" -}}
{{- $_ := set $known "STIPEND_MONITOR_URL" (printf $url "monitor") -}}
{{- $_ := set $known "STIPEND_FEATURES_FILE" (ternary "/stipend/settings/features.yaml" "deploy/features.yaml" (ne $values.features "")) -}}
{{- $_ := set $known "STIPEND_JWT_ISSUER" (required "jwt.issuer" $values.jwt.issuer) -}}
{{- $_ := set $known "STIPEND_JWT_AUDIENCE" (required "jwt.audience" $values.jwt.audience) -}}
{{- $_ := set $known "STIPEND_JWKS_URL" (required "jwt.jwksUrl" $values.jwt.jwksUrl) -}}
{{- end -}}
{{- if and (eq .service "monitor") (ne $values.monitor "") -}}
{{- $_ := set $known "STIPEND_MONITOR_FILE" "/stipend/settings/monitor.yaml" -}}
{{- end -}}
{{- $all := merge (deepCopy .own.env) (deepCopy $values.env) $known -}}
{{- range $name := keys $all | sortAlpha }}
- name: {{ $name }}
  value: {{ get $all $name | toString | quote }}
{{- end }}
{{ include "stipend.fromSecret" (dict "variable" "STIPEND_REDIS_URL" "secret" $values.redis.secret.name "key" $values.redis.secret.key) }}
{{- with .own.mysql }}
{{ include "stipend.fromSecret" (dict "variable" "STIPEND_MYSQL_URL" "secret" .secret "key" .key) }}
{{- end }}
{{- end -}}

{{/* Of the internal keys a service sees those it needs: a private one only if it calls others. */}}
{{- define "stipend.keyFiles" -}}
{{- if ne . "gateway" }}
- { key: internal.jwks.json, path: internal.jwks.json }
{{- end }}
{{- if has . (list "gateway" "monitor") }}
- { key: {{ . }}.private.jwk.json, path: {{ . }}.private.jwk.json }
{{- end }}
{{- end -}}

{{/* "true" when a settings file of this service is given by content. */}}
{{- define "stipend.hasSettings" -}}
{{- if or (and (eq .service "gateway") (ne .root.Values.features "")) (and (eq .service "monitor") (ne .root.Values.monitor "")) -}}true{{- end -}}
{{- end -}}
