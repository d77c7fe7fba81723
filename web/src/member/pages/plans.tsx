import { Button, Modal } from "@mantine/core";
import { useCredits, useMembership } from "@stipend/react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useApi } from "../../api/api-context.tsx";
import type { Offer, Tier } from "../../api/types.ts";
import { useFormat } from "../../i18n/format.ts";
import { readSettings } from "../../shell/settings.ts";
import { Card, Facts, Page } from "../../ui/page.tsx";
import { Empty, Failure, Loaded, Loading } from "../../ui/states.tsx";
import ui from "../../ui/ui.module.css";
import { Num, Pill } from "../../ui/values.tsx";
import styles from "../member.module.css";

/** The membership one has, the tiers and packages one can have. */
export function Plans() {
  const { t } = useTranslation();
  const api = useApi();
  const { membership } = useMembership();
  const tiers = useQuery({
    queryKey: ["tiers"],
    queryFn: ({ signal }) => api.get<{ data: readonly Tier[] }>("/api/membership/tiers", {}, signal),
  });
  const packages = useQuery({
    queryKey: ["packages", membership?.version],
    queryFn: ({ signal }) => api.get<{ data: readonly Offer[] }>("/api/credits/packages", {}, signal),
  });
  return (
    <Page title={t("member.plans.title")} lead={t("member.plans.lead")}>
      <MembershipCard />
      <section>
        <h2 className={styles.subTitle}>{t("member.plans.tiers")}</h2>
        <Loaded query={tiers}>
          {({ data }) => (
            <div className={styles.offers}>
              {data.map((tier) => (
                <TierOffer key={tier.tier} tier={tier} current={membership?.tier === tier.tier} />
              ))}
            </div>
          )}
        </Loaded>
      </section>
      <section>
        <h2 className={styles.subTitle}>{t("member.plans.packages")}</h2>
        <Loaded
          query={packages}
          isEmpty={({ data }) => data.length === 0}
          empty={<Empty title={t("member.plans.noPackages")} />}
        >
          {({ data }) => (
            <div className={styles.offers}>
              {data.map((offer) => (
                <PackageOffer key={offer.code} offer={offer} />
              ))}
            </div>
          )}
        </Loaded>
        {readSettings().checkoutUrl === undefined ? <p className={ui.note}>{t("member.plans.noCheckout")}</p> : null}
      </section>
    </Page>
  );
}

function MembershipCard() {
  const { t } = useTranslation();
  const format = useFormat();
  const { membership, isMember, busy, error, resume } = useMembership();
  const { refresh } = useCredits();
  const [asking, setAsking] = useState(false);
  if (membership === null) {
    return (
      <Card title={t("member.plans.yours")}>
        {error === null ? <Loading rows={2} /> : <Failure error={error} onRetry={() => void refresh()} />}
      </Card>
    );
  }
  if (!isMember || membership.tier === null) {
    return (
      <Card title={t("member.plans.yours")}>
        <Empty title={t("member.plans.none")}>{t("member.plans.noneLead")}</Empty>
      </Card>
    );
  }
  const { cancelAtPeriodEnd, currentPeriodEnd, pendingTier, cycle } = membership;
  const end = currentPeriodEnd === null ? "–" : format.date(currentPeriodEnd);
  return (
    <Card
      title={t("member.plans.yours")}
      actions={
        cancelAtPeriodEnd ? (
          <Button loading={busy} onClick={() => void resume()}>
            {t("member.plans.resume")}
          </Button>
        ) : (
          <Button variant="default" onClick={() => setAsking(true)}>
            {t("member.plans.cancel")}
          </Button>
        )
      }
    >
      <Facts
        facts={[
          [t("common.tier"), t(`tiers.${membership.tier}`, { defaultValue: membership.tier })],
          [t("member.plans.perMonth"), <Num key="credits" value={membership.monthlyCredits ?? 0} />],
          [t("member.plans.cycle"), cycle === null ? "–" : t(`cycles.${cycle}`)],
          [t(cancelAtPeriodEnd ? "member.plans.endsOn" : "member.plans.renewsOn"), end],
          ...(pendingTier === null
            ? []
            : [[t("member.plans.afterThat"), t(`tiers.${pendingTier}`, { defaultValue: pendingTier })] as const]),
        ]}
      />
      {error === null ? null : <Failure error={error} />}
      {asking ? <CancelDialog end={end} onClose={() => setAsking(false)} /> : null}
    </Card>
  );
}

function CancelDialog({ end, onClose }: { end: string; onClose: () => void }) {
  const { t } = useTranslation();
  const { cancel, busy, error } = useMembership();
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("member.plans.cancelTitle")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <div className={ui.page}>
        <p>{t("member.plans.cancelLead", { date: end })}</p>
        {error === null ? null : <Failure error={error} />}
        <div className={ui.bar}>
          <Button variant="default" onClick={onClose}>
            {t("member.plans.keep")}
          </Button>
          <Button color="red" loading={busy} onClick={() => void cancel().then((done) => done && onClose())}>
            {t("member.plans.cancelYes")}
          </Button>
        </div>
      </div>
    </Modal>
  );
}

function TierOffer({ tier, current }: { tier: Tier; current: boolean }) {
  const { t } = useTranslation();
  return (
    <article className={styles.offer} data-current={current}>
      <div className={styles.offerHead}>
        <h3>{tier.displayName}</h3>
        {current ? <Pill tone="good">{t("member.plans.current")}</Pill> : null}
      </div>
      <p className={styles.offerNumber}>
        <Num value={tier.monthlyCredits} />
      </p>
      <p className={ui.hint}>{t("member.plans.creditsAMonth")}</p>
      <ul>
        <li>{t(`member.plans.anchor.${tier.anchor}`)}</li>
        {tier.rolloverCap > 0 ? <li>{t("member.plans.rollover", { count: tier.rolloverCap })}</li> : null}
        <li>{t(`member.plans.onExpiry.${tier.onExpiry}`)}</li>
      </ul>
      {current ? null : <Checkout code={tier.tier} words={t("member.plans.choose")} />}
    </article>
  );
}

function PackageOffer({ offer }: { offer: Offer }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <article className={styles.offer}>
      <div className={styles.offerHead}>
        <h3>{offer.name}</h3>
        {offer.priceMinor === 0 ? null : <span>{format.money(offer.priceMinor, offer.currency)}</span>}
      </div>
      <p className={styles.offerNumber}>
        <Num value={offer.credits} />
      </p>
      <p className={ui.hint}>
        {offer.validDays === null
          ? t("member.plans.neverLapses")
          : t("member.plans.validDays", { count: offer.validDays })}
      </p>
      {offer.available ? (
        <Checkout code={offer.code} words={t("member.plans.get")} />
      ) : (
        <Pill tone="warn">{t(`member.plans.because.${offer.unavailableBecause ?? "unknown"}`)}</Pill>
      )}
    </article>
  );
}

/** Paying is the product's own business: a link there, where the operator has named it. */
function Checkout({ code, words }: { code: string; words: string }) {
  const { checkoutUrl } = readSettings();
  if (checkoutUrl === undefined) return null;
  return (
    <Button component="a" href={checkoutUrl.replaceAll("{code}", encodeURIComponent(code))} variant="light" mt="auto">
      {words}
    </Button>
  );
}
