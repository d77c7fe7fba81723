import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

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

export const theme = createTheme({
  primaryColor: "evergreen",
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  luminanceThreshold: 0.35,
  colors: { evergreen },
  fontFamily: "var(--font-text)",
  headings: { fontFamily: "var(--font-display)", fontWeight: "500" },
  defaultRadius: "md",
  radius: { xs: "4px", sm: "6px", md: "9px", lg: "14px", xl: "20px" },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { fw: 550 } },
    Modal: { defaultProps: { centered: true, radius: "lg", overlayProps: { backgroundOpacity: 0.35, blur: 2 } } },
    Tooltip: { defaultProps: { withArrow: false, openDelay: 250 } },
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
