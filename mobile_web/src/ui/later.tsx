/** Every screen that is not needed at the first look: loaded as one chunk of its own. */
import { ActivityScreen } from "./activity_screen.tsx";
import { useDeskhand } from "./deskhand.ts";
import { DevicesScreen } from "./devices_screen.tsx";
import { DiagnosisScreen } from "./diagnosis_screen.tsx";
import { FileScreen } from "./file_screen.tsx";
import { MemoryScreen } from "./memory_screen.tsx";
import { FilesScreen, SearchScreen } from "./search_screen.tsx";
import { SettingsScreen } from "./settings_screen.tsx";

export function LaterScreen() {
  const { view } = useDeskhand();
  const route = view.route.value;
  switch (route.screen) {
    case "activity": return <ActivityScreen />;
    case "devices": return <DevicesScreen />;
    case "diagnosis": return <DiagnosisScreen />;
    case "file": return <FileScreen key={route.file.id} file={route.file} />;
    case "files": return <FilesScreen />;
    case "memory": return <MemoryScreen />;
    case "search": return <SearchScreen />;
    case "settings": return <SettingsScreen />;
    default: return null;
  }
}
