import {
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
  type VariantColorsResolver,
} from "@mantine/core";

/** The one accent: a quiet evergreen. The shades are the same hue at falling lightness. */
const evergreen: MantineColorsTuple = [
  "#eef7f3",
  "#dcece4",
  "#bfe0d1",
  "#9fd3bc",
  "#7cc9ae",
  "#55ad90",
  "#338a70",
  "#1b6b57",
  "#155545",
  "#0e3f33",
];

/** Mantine's greys, in our paper and ink: what it draws by itself looks like the rest. */
const gray: MantineColorsTuple = [
  "#faf9f6",
  "#f4f2ed",
  "#e8e4dc",
  "#d3cdc2",
  "#b8b1a5",
  "#8d877c",
  "#6b665d",
  "#524e47",
  "#35322d",
  "#1d1b18",
];

const dark: MantineColorsTuple = [
  "#ecebe6",
  "#bdbdb5",
  "#9a9c94",
  "#6f736d",
  "#434a45",
  "#2b302d",
  "#222623",
  "#191c1a",
  "#151816",
  "#121412",
];

/** Buttons in the accent, and in red where something ends; readable in both themes, which the library's shades are not. */
const variantColorResolver: VariantColorsResolver = (input) => {
  const colours = defaultVariantColorsResolver(input);
  const danger = input.color === "red";
  if (!danger && input.color !== undefined && input.color !== "evergreen") return colours;
  const [strong, soft] = danger ? ["var(--danger)", "var(--danger-soft)"] : ["var(--accent)", "var(--accent-soft)"];
  const hover = (colour: string): string => `color-mix(in srgb, ${colour} 88%, var(--ink))`;
  switch (input.variant) {
    case "filled":
      return { ...colours, background: strong, hover: hover(strong), color: "var(--on-strong)" };
    case "light":
      return { ...colours, background: soft, hover: hover(soft), color: strong };
    case "subtle":
      return { ...colours, hover: soft, color: strong };
    default:
      return colours;
  }
};

export const theme = createTheme({
  primaryColor: "evergreen",
  primaryShade: { light: 7, dark: 4 },
  variantColorResolver,
  colors: { evergreen, gray, dark },
  fontFamily: "var(--font-text)",
  headings: { fontFamily: "var(--font-display)", fontWeight: "500" },
  defaultRadius: "md",
  radius: { xs: "4px", sm: "6px", md: "9px", lg: "14px", xl: "20px" },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    InputWrapper: { styles: { label: { marginBottom: 4 } } },
    Button: { defaultProps: { fw: 550 } },
    Modal: { defaultProps: { centered: true, radius: "lg", overlayProps: { backgroundOpacity: 0.35, blur: 2 } } },
    Select: { defaultProps: { allowDeselect: false, comboboxProps: { shadow: "md" } } },
  },
});

/** Mantine's own names for the tokens of tokens.css, so that its components wear the same clothes. */
export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: {
    "--mantine-color-body": "var(--surface)",
    "--mantine-color-text": "var(--ink)",
    "--mantine-color-dimmed": "var(--ink-3)",
    "--mantine-color-placeholder": "var(--ink-3)",
    "--mantine-color-anchor": "var(--accent)",
    "--mantine-color-default": "var(--surface)",
    "--mantine-color-default-hover": "var(--surface-2)",
    "--mantine-color-default-color": "var(--ink)",
    "--mantine-color-default-border": "var(--line-strong)",
    "--mantine-color-error": "var(--danger)",
  },
  light: {},
  dark: {},
});
