// The development sign-in: lists the demo users, gets a token for the one that is chosen, hands it to the web app
// through sessionStorage (see proto/http/sign-in.ts) and goes where the app wanted, or shows the token.

const HANDOVER = "stipend.signIn";

const TEXTS = {
  en: {
    title: "Who do you want to be?",
    about: "Choose a demo user. No password is asked for.",
    note: "This sign-in exists on development systems only; in production your identity provider takes its place.",
    loading: "Looking for the demo users…",
    busy: "Signing in…",
    failed: "That did not work",
    retry: "Try again",
    roles: { user: "User", admin: "Admin", support: "Support", auditor: "Auditor" },
    signedIn: (name) => `Token for ${name}`,
    validUntil: (time) => `Send it as Authorization: Bearer. Valid until ${time}.`,
    copy: "Copy token",
    copied: "Copied",
    back: "Somebody else",
  },
  "zh-CN": {
    title: "你想以谁的身份登录？",
    about: "请选择一个演示用户，无需密码。",
    note: "此登录页只存在于开发环境；在生产环境中由你的身份提供商代替。",
    loading: "正在读取演示用户…",
    busy: "正在登录…",
    failed: "未能完成",
    retry: "重试",
    roles: { user: "用户", admin: "管理员", support: "客服", auditor: "审计员" },
    signedIn: (name) => `${name} 的令牌`,
    validUntil: (time) => `请以 Authorization: Bearer 发送。有效期至 ${time}。`,
    copy: "复制令牌",
    copied: "已复制",
    back: "换一个用户",
  },
};

const query = new URLSearchParams(location.search);
const at = (id) => document.getElementById(id);
const state = { language: firstLanguage(), users: undefined, busy: undefined, session: undefined, error: undefined };

function firstLanguage() {
  const wanted = [query.get("lang"), remembered(), ...navigator.languages].filter((tag) => typeof tag === "string");
  const known = wanted.map((tag) => (/^zh/i.test(tag) ? "zh-CN" : /^en/i.test(tag) ? "en" : undefined));
  return known.find((tag) => tag !== undefined) ?? "en";
}

function remembered() {
  try {
    return localStorage.getItem("stipend.language");
  } catch {
    return null;
  }
}

/** The server refuses any other; this is what the browser itself makes of it. */
function returnAddress() {
  const wanted = query.get("returnTo");
  if (wanted === null || !URL.canParse(wanted, location.origin)) return undefined;
  const url = new URL(wanted, location.origin);
  return url.origin === location.origin ? url.href : undefined;
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function show() {
  const texts = TEXTS[state.language];
  document.documentElement.lang = state.language;
  document.title = `${texts.title} · Stipend`;
  for (const id of ["title", "about", "note", "copy", "back"]) at(id).textContent = texts[id];
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === state.language));
  }
  showMessage(texts);
  at("users").hidden = state.session !== undefined;
  at("users").replaceChildren(...(state.users ?? []).map((user) => userItem(user, texts)));
  showSession(texts);
}

function showMessage(texts) {
  const message = at("message");
  const text = state.error ?? (state.users === undefined ? texts.loading : state.busy === undefined ? "" : texts.busy);
  message.hidden = text === "";
  message.className = state.error === undefined ? "" : "bad";
  message.textContent = state.error === undefined ? text : `${texts.failed}: ${text}`;
  if (state.error === undefined || state.users !== undefined) return;
  const retry = element("button", "", texts.retry);
  retry.type = "button";
  retry.addEventListener("click", load);
  message.append(retry);
}

function userItem(user, texts) {
  const button = element("button", "user");
  button.type = "button";
  button.disabled = state.busy !== undefined;
  button.dataset.user = user.userId;
  const name = element("span", "name", user.name);
  name.append(element("code", "", user.userId));
  const initial = element("span", "initial", [...user.name][0]);
  initial.setAttribute("aria-hidden", "true");
  const role = user.roles[0];
  const chip = element("span", role === "user" ? "role" : "role staff", texts.roles[role] ?? role);
  button.append(initial, name, chip, element("span", "what", user.about[state.language]));
  button.addEventListener("click", () => signIn(user));
  const item = document.createElement("li");
  item.append(button);
  return item;
}

function showSession(texts) {
  const { session } = state;
  at("session").hidden = session === undefined;
  if (session === undefined) return;
  const until = new Intl.DateTimeFormat(state.language, { dateStyle: "medium", timeStyle: "short" });
  at("session-title").textContent = texts.signedIn(session.user.name);
  at("session-about").textContent = texts.validUntil(until.format(new Date(session.expiresAt)));
  at("token").value = session.token;
}

async function callApi(path, body) {
  const answer = await fetch(path, {
    headers: { accept: "application/json", ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
  const json = await answer.json();
  if (!answer.ok) throw new Error(json.detail ?? `HTTP ${answer.status}`);
  return json;
}

async function load() {
  state.error = undefined;
  show();
  try {
    state.users = (await callApi("/api/dev/users")).data;
  } catch (error) {
    state.error = error.message;
  }
  show();
}

async function signIn(user) {
  Object.assign(state, { busy: user.userId, error: undefined });
  show();
  try {
    const session = await callApi("/api/dev/sign-in", { userId: user.userId });
    const address = returnAddress();
    if (address !== undefined) {
      sessionStorage.setItem(HANDOVER, JSON.stringify(session));
      location.replace(address);
      return;
    }
    Object.assign(state, { session, busy: undefined });
    show();
    at("session-title").focus();
  } catch (error) {
    Object.assign(state, { busy: undefined, error: error.message });
    show();
  }
}

async function copyToken() {
  const texts = TEXTS[state.language];
  at("token").select();
  try {
    await navigator.clipboard.writeText(at("token").value);
    at("copy").textContent = texts.copied;
  } catch {
    // Not allowed here (plain http on another host): the text is selected, so the keyboard does it.
  }
}

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    state.language = button.dataset.language;
    try {
      localStorage.setItem("stipend.language", state.language);
    } catch {
      // Storage may be switched off; the choice holds for this page then.
    }
    show();
  });
}
at("copy").addEventListener("click", copyToken);
at("back").addEventListener("click", () => {
  state.session = undefined;
  show();
  document.querySelector(".user")?.focus();
});
void load();
