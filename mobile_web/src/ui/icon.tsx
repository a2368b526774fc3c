/** The drawings, on a 24 grid; `Sprite` holds them once and `Icon` points at them. */

const SHAPES = {
  mark: <><path d="M16.5 3v18" stroke-width="2.6" /><circle cx="11" cy="14.8" r="5.4" stroke-width="2.6" /></>,
  moon: <path d="M19.5 14.5A8 8 0 1 1 9.5 4.5a6.5 6.5 0 0 0 10 10z" />,
  search: <><circle cx="11" cy="11" r="6.5" /><path d="M16 16l4.5 4.5" /></>,
  menu: <path d="M4 7h16M4 12h16M4 17h10" />,
  hand: <path d="M8 13.5V6.2a1.4 1.4 0 0 1 2.8 0V11M10.8 10.5V4.4a1.4 1.4 0 0 1 2.8 0V11M13.6 11V5.4a1.4 1.4 0 0 1 2.8 0V12M16.4 11V8a1.4 1.4 0 0 1 2.8 0v6.5c0 4-2.6 6.5-6.2 6.5-3 0-4.5-1.3-6-3.8l-2.6-4.3a1.4 1.4 0 0 1 2.4-1.4L8 14.5" />,
  fwd: <path d="M9.5 6l6 6-6 6" />,
  back: <path d="M15 5l-7 7 7 7" />,
  down: <path d="M12 5v14M6 13l6 6 6-6" />,
  r0: <><circle cx="12" cy="12" r="8" /><path class="solid" d="M12 12V4a8 8 0 0 1 8 8z" /></>,
  r1: <path d="M6 12.5l4 4L18 8" />,
  r2: <path d="M1.5 12.5l4 4L13.5 8M10.5 16l.5.5L20 8" />,
  r3: <circle class="solid" cx="12" cy="12" r="6" />,
  queue: <circle cx="12" cy="12" r="8.5" stroke-dasharray="3 3.7" />,
  run: <><circle cx="12" cy="12" r="8.5" opacity=".28" /><path class="turn" d="M12 3.5a8.5 8.5 0 0 1 8.5 8.5" /><circle class="solid" cx="12" cy="12" r="3.4" /></>,
  ask: <><path class="solid" d="M12 1.2L22.8 12 12 22.8 1.2 12z" /><path class="cut" d="M12 7v6M12 16.3v.4" /></>,
  done: <><circle class="solid" cx="12" cy="12" r="9.5" /><path class="cut" d="M7.5 12.4l3.2 3.2 6-6.6" /></>,
  fail: <><rect class="solid" x="3" y="3" width="18" height="18" rx="3" /><path class="cut" d="M8 8l8 8M16 8l-8 8" /></>,
  stopped: <rect x="4.5" y="4.5" width="15" height="15" rx="2" />,
  clock: <><circle cx="12" cy="12" r="8.5" /><path d="M12 7.5V12l3 2" /></>,
  doubt: <><circle cx="12" cy="12" r="9" /><path d="M9.4 9.6a2.7 2.7 0 1 1 4 2.4c-1 .6-1.4 1.1-1.4 2.1M12 17v.2" /></>,
  told: <circle class="solid" cx="12" cy="12" r="4.5" />,
  sent: <circle cx="12" cy="12" r="4" />,
  check: <path d="M5 12.5l4.5 4.5L19 7.5" />,
  x: <path d="M6 6l12 12M18 6L6 18" />,
  skip: <path d="M6 12h12" />,
  sheet: <path d="M6 3h8l4 4v14H6zM14 3v4h4M9 11.5h6v6H9zM12 11.5v6M9 14.5h6" />,
  doc: <path d="M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 15h6M9 18h3" />,
  image: <><path d="M4 5h16v14H4zM4 16l5-5 4 4 2.5-2.5L20 17" /><circle cx="15.5" cy="9" r="1.3" /></>,
  folder: <path d="M3.5 6h6l2 2.5h9V19h-17z" />,
  undo: <path d="M8 5L4 9l4 4M4 9h10a5.5 5.5 0 0 1 0 11h-3" />,
  stop: <rect class="solid" x="6" y="6" width="12" height="12" rx="2" />,
  clip: <path d="M20 11.5l-8.2 8.2a5 5 0 0 1-7-7L13.4 4a3.3 3.3 0 0 1 4.7 4.7l-8.3 8.3a1.7 1.7 0 0 1-2.4-2.4l7.4-7.4" />,
  send: <path d="M12 20V5M5.5 11.5L12 5l6.5 6.5" />,
  warn: <path d="M12 4l9 16H3zM12 10v4.5M12 17.2v.3" />,
  lock: <path d="M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3" />,
  copy: <path d="M8 8h12v12H8zM16 8V4H4v12h4" />,
  download: <path d="M12 4v11M8 11.5l4 4 4-4M5 20h14" />,
  share: <path d="M12 15V4M8 7.5l4-4 4 4M5 12v8h14v-8" />,
  repeat: <path d="M5 11a7 7 0 0 1 12-4l2 2M19 4.5V9h-4.5M19 13a7 7 0 0 1-12 4l-2-2M5 19.5V15h4.5" />,
  computer: <path d="M3.5 5h17v11h-17zM9 20h6M12 16v4" />,
  phone: <><rect x="7" y="3" width="10" height="18" rx="2" /><path d="M11 18h2" /></>,
  bell: <path d="M6 17h12l-1.5-2.5V10a4.5 4.5 0 0 0-9 0v4.5zM10.5 20h3" />,
};

export type IconName = keyof typeof SHAPES;

/** Once per page, before anything that shows an `Icon`. */
export function Sprite() {
  return (
    <svg hidden>
      {Object.entries(SHAPES).map(([name, shape]) => (
        <symbol key={name} id={`i-${name}`} viewBox="0 0 24 24">{shape}</symbol>
      ))}
    </svg>
  );
}

/** Decoration only: the word stands beside it. `small` is 16 px; `class` adds `knot`, `on`, `off`, `bad`, `flip`. */
export function Icon(props: { name: IconName; small?: boolean; class?: string }) {
  return (
    <svg class={["i", props.small && "s", props.class].filter(Boolean).join(" ")} aria-hidden="true">
      <use href={`#i-${props.name}`} />
    </svg>
  );
}
