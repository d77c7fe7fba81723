/** Our few icons: 20 × 20, a line of 1.6, drawn in the colour of the text. Decoration only: names stand beside them. */
const PATHS = {
  home: "M3.5 9 10 3.5 16.5 9v7.5h-4.5v-4h-4v4H3.5z",
  usage: "M3.5 16.5h13M5.5 13.5v-3M10 13.5v-8M14.5 13.5v-5.5",
  history: "M10 6v4.2l2.8 1.8M3.6 10a6.4 6.4 0 1 0 1.9-4.5L3.6 7.4M3.6 3.8v3.6h3.6",
  plans: "M3 7.5 10 4l7 3.5-7 3.5zM3 10.5l7 3.5 7-3.5M3 13.4l7 3.5 7-3.5",
  try: "M12.5 3.5l4 4-8.6 8.6-4.6.6.6-4.6zM10.8 5.2l4 4",
  users:
    "M8 9.6a2.9 2.9 0 1 0 0-5.8 2.9 2.9 0 0 0 0 5.8zM2.8 16.4c.4-2.8 2.4-4.3 5.2-4.3s4.8 1.5 5.2 4.3M13 4.2a2.9 2.9 0 0 1 0 5.2M15 12.5c1.3.6 2.1 1.9 2.3 3.9",
  approvals: "M6.8 10.2l2.3 2.3 4.2-4.6M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14z",
  alerts:
    "M10 3.2c-2.9 0-4.6 2-4.6 4.8 0 3.8-1.6 5-1.6 5h12.4s-1.6-1.2-1.6-5c0-2.8-1.7-4.8-4.6-4.8zM8.2 15.6a1.9 1.9 0 0 0 3.6 0",
  consistency:
    "M10 3.5v13M5 16.5h10M10 5 4.5 6.6M10 5l5.5 1.6M4.5 6.6 2.6 11a2.1 2.1 0 0 0 3.8 0zM15.5 6.6 13.6 11a2.1 2.1 0 0 0 3.8 0z",
  audit: "M5 3.5h7l3.5 3.5v9.5H5zM12 3.5V7h3.5M7.5 10.5h5M7.5 13.2h5",
  menu: "M3.5 6h13M3.5 10h13M3.5 14h13",
  sun: "M10 13.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM10 2.8v1.6M10 15.6v1.6M17.2 10h-1.6M4.4 10H2.8M15.1 4.9 14 6M6 14l-1.1 1.1M15.1 15.1 14 14M6 6 4.9 4.9",
  moon: "M16.2 11.8A6.6 6.6 0 0 1 8.2 3.8a6.6 6.6 0 1 0 8 8z",
  auto: "M10 3.2a6.8 6.8 0 1 0 0 13.6zM10 3.2a6.8 6.8 0 0 1 0 13.6",
  language:
    "M3 5.5h8M7 3.8v1.7M9.4 5.5c-.6 2.8-2.7 5.2-5.6 6.4M5 7.8c.9 1.9 2.5 3.3 4.6 4M9.5 16.5 13 8.5l3.5 8M10.7 13.8h4.6",
  out: "M8 3.5H4.5v13H8M8 10h8.5M13.5 7l3 3-3 3",
  search: "M9 14.5A5.5 5.5 0 1 0 9 3.5a5.5 5.5 0 0 0 0 11zM13 13l3.7 3.7",
  down: "M10 3.5v9M6.5 9.2 10 12.7l3.5-3.5M4 16.5h12",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.6}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
