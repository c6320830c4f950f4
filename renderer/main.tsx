import { createRoot } from 'react-dom/client';
import './theme.css';
import { App } from './App.tsx';
import { AskingRoom } from './controls/Asking.tsx';
import { Toasts } from './controls/Toast.tsx';
import { EngineDoor } from './engine.tsx';
import { Mishap } from './Mishap.tsx';
import { ModelsRoom } from './models/ModelList.tsx';
import { SettingsRoom } from './settings/useSettings.tsx';
import { Starting } from './Starting.tsx';

createRoot(document.getElementById('root')!).render(
  <Mishap>
    <EngineDoor waiting={<Starting />}>
      <SettingsRoom waiting={<Starting />}>
        <Toasts>
          <AskingRoom>
            <ModelsRoom>
              <App />
            </ModelsRoom>
          </AskingRoom>
        </Toasts>
      </SettingsRoom>
    </EngineDoor>
  </Mishap>,
);
