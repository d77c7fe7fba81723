import { useTranslation } from "react-i18next";
import type { User } from "../api/types.ts";
import { Pill, type Tone } from "../ui/values.tsx";

const TONES: Readonly<Record<User["status"], Tone>> = {
  none: "plain",
  active: "good",
  cancelled: "warn",
  expired: "plain",
  ended: "plain",
};

export function MembershipPill({ user }: { user: Pick<User, "status" | "tier" | "lastTier" | "cancelAtPeriodEnd"> }) {
  const { t } = useTranslation();
  const tier = user.tier ?? user.lastTier;
  const name = tier === null ? "" : t(`tiers.${tier}`, { defaultValue: tier });
  const leaving = user.status === "active" && user.cancelAtPeriodEnd;
  const status = t(`status.${leaving ? "leaving" : user.status}`);
  return (
    <Pill tone={leaving ? "warn" : TONES[user.status]}>
      {name === "" || user.status === "none" ? status : `${name} · ${status}`}
    </Pill>
  );
}
