/** Rewrites text so that it reads more easily: shorter words, no filler, tidy spaces and full stops. The same text always comes out the same. */

/** Longer phrases first, so that "in order to" goes before "to". */
const PLAINER = [
  ["due to the fact that", "because"],
  ["in spite of the fact that", "although"],
  ["with regard to", "about"],
  ["in the event that", "if"],
  ["for the purpose of", "for"],
  ["a large number of", "many"],
  ["the majority of", "most"],
  ["at this point in time", "now"],
  ["in the near future", "soon"],
  ["in order to", "to"],
  ["prior to", "before"],
  ["subsequent to", "after"],
  ["is able to", "can"],
  ["are able to", "can"],
  ["has the ability to", "can"],
  ["as well as", "and"],
  ["utilizes", "uses"],
  ["utilized", "used"],
  ["utilize", "use"],
  ["utilise", "use"],
  ["facilitate", "help"],
  ["commence", "begin"],
  ["terminate", "end"],
  ["demonstrate", "show"],
  ["approximately", "about"],
  ["numerous", "many"],
  ["additional", "more"],
  ["sufficient", "enough"],
  ["assistance", "help"],
  ["endeavour", "try"],
  ["endeavor", "try"],
  ["purchase", "buy"],
  ["require", "need"],
  ["requires", "needs"],
  ["therefore", "so"],
  ["however", "but"],
];

const FILLER = [
  "very",
  "really",
  "basically",
  "actually",
  "quite",
  "just",
  "simply",
  "in fact",
  "of course",
  "totally",
];

const RULES = [
  ...PLAINER.map(([long, short]) => [phrase(long), short]),
  ...FILLER.map((word) => [new RegExp(`\\b${word}\\b,? ?`, "giu"), ""]),
];

function phrase(words) {
  return new RegExp(`\\b${words.replaceAll(" ", "\\s+")}\\b`, "giu");
}

/** @param {string} text @returns {string[]} the rewritten sentences */
export function rewriteSentences(text) {
  const sentences = text
    .replace(/\s+/gu, " ")
    .trim()
    .split(/(?<=[.!?…。！？])\s+/u)
    .filter((sentence) => sentence !== "");
  return sentences.map(rewriteSentence);
}

/** @param {string} sentence */
function rewriteSentence(sentence) {
  let text = sentence;
  for (const [pattern, replacement] of RULES) text = text.replace(pattern, (found) => likeCase(found, replacement));
  text = text
    .replace(/\b(\p{L}+)(\s+\1\b)+/giu, "$1")
    .replace(/\s+([,.;:!?])/gu, "$1")
    .replace(/([!?])\1+/gu, "$1")
    .replace(/\.{2}(?!\.)/gu, ".")
    .replace(/\s{2,}/gu, " ")
    .trim();
  if (text === "") return text;
  text = text[0].toLocaleUpperCase("en") + text.slice(1);
  return /[.!?…。！？:;"')\]]$/u.test(text) ? text : `${text}.`;
}

function likeCase(found, replacement) {
  const upper = found[0] !== found[0].toLowerCase();
  return upper && replacement !== "" ? replacement[0].toUpperCase() + replacement.slice(1) : replacement;
}

/** @param {string} text */
export function countWords(text) {
  return text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0;
}
