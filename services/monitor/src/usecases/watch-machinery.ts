import { type Finding, fingerprintOf, type Recovery } from "../domain/alerts.ts";
import type { SettingsOf, SettingsTable } from "../domain/settings.ts";
import type { JobRules } from "../rules/all.ts";
import { auditChain } from "../rules/audit-chain.ts";
import { consumerLag } from "../rules/consumer-lag.ts";
import { dlqNotEmpty } from "../rules/dlq-not-empty.ts";
import { outboxAge } from "../rules/outbox-age.ts";
import type { commonSettings, RuleSpec } from "../rules/rule.ts";
import { type Sign, signFinding } from "../rules/sign.ts";
import type { AuditProof, GroupLag, Letters, MachineryStore, OutboxState, SignRemark } from "./ports.ts";

type Common = SettingsOf<typeof commonSettings>;

/** Groups that are far behind. Lag comes and goes: only what stays for `minutes` is told. */
export async function watchLag(
  store: MachineryStore,
  lags: readonly GroupLag[],
  { consumerLag: settings }: JobRules,
  now: Date,
): Promise<void> {
  const signs = lags
    .filter(({ name }) => isWatched(name, settings.groups))
    .map(
      ({ group, messages, topics }): Sign => ({
        subject: group,
        bad: messages >= settings.messages,
        value: messages,
        severity: "warning",
        evidence: { group, messages, topics, limit: settings.messages },
      }),
    );
  await settle(store, consumerLag, signs, settings, now, ({ since }) => ({
    told: now.getTime() - since.getTime() >= settings.minutes * 60_000,
  }));
}

export async function watchOutboxes(
  store: MachineryStore,
  outboxes: readonly OutboxState[],
  { outboxAge: settings }: JobRules,
  now: Date,
): Promise<void> {
  const signs = outboxes.map(({ service, pending, failed, oldestAt }): Sign => {
    const seconds = oldestAt === null ? 0 : Math.max(0, Math.round((now.getTime() - oldestAt.getTime()) / 1_000));
    return {
      subject: service,
      bad: seconds >= settings.seconds || failed > 0,
      value: seconds,
      severity: failed > 0 ? "critical" : "warning",
      evidence: { service, pending, failed, oldestSeconds: seconds, limit: settings.seconds },
    };
  });
  await settle(store, outboxAge, signs, settings, now, () => ({ told: true }));
}

export async function watchDeadLetters(
  store: MachineryStore,
  letters: readonly Letters[],
  { dlqNotEmpty: settings }: JobRules,
  now: Date,
): Promise<void> {
  const signs = letters.map(
    ({ topic, messages, ever }): Sign => ({
      subject: topic,
      bad: messages >= settings.messages,
      value: ever,
      severity: "warning",
      evidence: { topic, messages, whatToDo: "npm run stipend -- dlq list" },
    }),
  );
  // One look is as good as the next: only letters that were not there at the last one are news.
  await settle(store, dlqNotEmpty, signs, settings, now, ({ valueBefore }, { value }) => ({
    told: valueBefore === null || value > valueBefore,
    again: valueBefore !== null,
  }));
}

export async function watchAuditChain(
  store: MachineryStore,
  proof: AuditProof,
  { auditChain: settings }: JobRules,
  now: Date,
): Promise<void> {
  const { valid, checked, firstBad } = proof;
  const sign: Sign = { subject: "audit", bad: !valid, value: 1, severity: "critical", evidence: { checked, firstBad } };
  await settle(store, auditChain, [sign], settings, now, () => ({ told: true }));
}

/** Remembers since when each is wrong, raises what is to be told and ends what is well again, in one transaction. */
async function settle<T extends SettingsTable>(
  store: MachineryStore,
  rule: RuleSpec<typeof commonSettings & T>,
  signs: readonly Sign[],
  settings: Common,
  now: Date,
  decide: (remark: SignRemark & { since: Date }, sign: Sign) => { readonly told: boolean; readonly again?: boolean },
): Promise<void> {
  if (!settings.enabled || signs.length === 0) return;
  await store.watching(async (tx) => {
    const items = signs.map(({ subject, bad, value }) => ({ rule: rule.name, subject, bad, value }));
    const remarks = new Map((await tx.recordSigns(items, now)).map((remark) => [remark.subject, remark]));
    const findings: Finding[] = [];
    const recoveries: Recovery[] = [];
    for (const sign of signs) {
      const remark = remarks.get(sign.subject);
      if (remark === undefined) continue;
      const { since } = remark;
      if (since === null) recoveries.push({ fingerprint: fingerprintOf(rule.name, sign.subject), at: now });
      else {
        const { told, again } = decide({ ...remark, since }, sign);
        if (told) findings.push(signFinding(rule, sign, since, now, settings, again === true));
      }
    }
    if (findings.length > 0) await tx.raise(findings, now);
    if (recoveries.length > 0) await tx.recover(recoveries, now);
  });
}

/** "credits" stands for credits-membership and all others of the service. */
export function isWatched(name: string, groups: readonly string[]): boolean {
  return groups.some((group) => name === group || name.startsWith(`${group}-`));
}
