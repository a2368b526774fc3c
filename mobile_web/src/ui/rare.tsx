/** Screens that most people never see: loaded as one chunk of their own. */
export { FrozenScreen } from "./frozen_screen.tsx";
export { ObstacleScreen } from "./obstacle_screen.tsx";
