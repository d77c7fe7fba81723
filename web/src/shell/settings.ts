/** What the gateway writes into the page: which sign-in this deployment has. */
export type SignInSettings =
  /** development: the gateway makes tokens for demo users. */
  | { readonly kind: "token"; readonly development: boolean }
  | { readonly kind: "oidc"; readonly issuer: string; readonly clientId: string; readonly scope: string };

export interface Settings {
  readonly signIn: SignInSettings;
  /** Where packages and tiers are paid for: an address with {code} in it. Without it the plans say so. */
  readonly checkoutUrl?: string;
}

const FALLBACK: Settings = { signIn: { kind: "token", development: true } };

/** The settings of this page; under Vite's own server, where no gateway filled them in, the gateway is a developer's. */
export function readSettings(page: Document = document): Settings {
  const text = page.getElementById("stipend-settings")?.textContent ?? "";
  try {
    const value: unknown = JSON.parse(text);
    return isSettings(value) ? value : FALLBACK;
  } catch {
    return FALLBACK;
  }
}

function isSettings(value: unknown): value is Settings {
  if (typeof value !== "object" || value === null || !("signIn" in value)) return false;
  const { signIn } = value;
  return typeof signIn === "object" && signIn !== null && "kind" in signIn;
}

/** The nonce of this answer, for the style sheets that components add; see the gateway's content security policy. */
export function styleNonce(page: Document = document): string {
  return page.querySelector<HTMLMetaElement>('meta[name="stipend-nonce"]')?.content ?? "";
}
