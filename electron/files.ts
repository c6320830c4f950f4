import { existsSync } from 'node:fs';
import path from 'node:path';
import { app, type WebContents } from 'electron';

export interface OpenedFiles {
  /** From now on the page is told of opened files, beginning with those that came before it asked. */
  tell(page: WebContents): void;
}

/**
 * Hears of files opened with Lodestone: from the Finder or dropped on the icon ('open-file'), named on the command line
 * of the first start or of a later one. To be called before the app is ready; macOS does not wait.
 */
export function hearOpenedFiles(): OpenedFiles {
  let page: WebContents | undefined;
  const untold: string[] = [];

  function opened(paths: string[]): void {
    if (paths.length === 0) return;
    if (page && !page.isDestroyed()) page.send('files:opened', paths);
    else untold.push(...paths);
  }

  app.on('open-file', (event, file) => {
    event.preventDefault();
    opened([file]);
  });
  app.on('second-instance', (_, argv, workingDirectory) => opened(filesOf(argv, workingDirectory)));
  opened(filesOf(process.argv, process.cwd()));

  return {
    tell(asking) {
      page = asking;
      opened(untold.splice(0));
    },
  };
}

/** The files a command line names; before them stand the program and, unpackaged, the folder of the app. */
export function filesOf(argv: readonly string[], workingDirectory: string): string[] {
  return argv
    .filter((word) => !word.startsWith('-')) // Switches may stand anywhere, also before the folder of the app.
    .slice(app.isPackaged ? 1 : 2)
    .map((word) => path.resolve(workingDirectory, word))
    .filter((file) => existsSync(file));
}
