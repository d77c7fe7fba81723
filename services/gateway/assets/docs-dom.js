/** Elements are made with text only: nothing of the document is ever read as HTML. */
export const element = (name, attributes = {}, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") node.className = value;
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== undefined && child !== ""));
  return node;
};

/** Words with `code` in them. */
export const prose = (text) =>
  element("span", {}, ...text.split("`").map((part, at) => (at % 2 === 1 ? element("code", {}, part) : part)));

export const json = (value) => JSON.stringify(value, null, 2);
