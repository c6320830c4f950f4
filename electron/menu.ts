import { app, Menu, type MenuItemConstructorOptions } from 'electron';

const WORDS = {
  en: {
    file: 'File', close: 'Close Window', quit: 'Quit Lodestone', edit: 'Edit', undo: 'Undo', redo: 'Redo', cut: 'Cut', copy: 'Copy', paste: 'Paste',
    selectAll: 'Select All', view: 'View', zoomIn: 'Zoom In', zoomOut: 'Zoom Out', resetZoom: 'Actual Size', fullScreen: 'Full Screen',
    developer: 'Developer Tools', reload: 'Reload', window: 'Window', minimize: 'Minimize', about: 'About Lodestone', hide: 'Hide Lodestone',
    hideOthers: 'Hide Others', unhide: 'Show All',
  },
  zh: {
    file: '文件', close: '关闭窗口', quit: '退出 Lodestone', edit: '编辑', undo: '撤销', redo: '重做', cut: '剪切', copy: '复制', paste: '粘贴',
    selectAll: '全选', view: '显示', zoomIn: '放大', zoomOut: '缩小', resetZoom: '实际大小', fullScreen: '全屏',
    developer: '开发者工具', reload: '重新载入', window: '窗口', minimize: '最小化', about: '关于 Lodestone', hide: '隐藏 Lodestone',
    hideOthers: '隐藏其他', unhide: '全部显示',
  },
};

type Roles = [role: MenuItemConstructorOptions['role'] | '-', label?: string][];

/** The menu in the language of the system. Every item is one Electron knows how to do by itself. */
export function menuTemplate(locale: string, platform: NodeJS.Platform, packaged: boolean): MenuItemConstructorOptions[] {
  const w = locale.startsWith('zh') ? WORDS.zh : WORDS.en;
  const mac = platform === 'darwin';
  const menu = (label: string, roles: Roles): MenuItemConstructorOptions => ({
    label,
    submenu: roles.map(([role, text]) => (role === '-' ? { type: 'separator' } : { ...(role && { role }), ...(text && { label: text }) })),
  });
  return [
    ...(mac ? [menu('Lodestone', [['about', w.about], ['-'], ['hide', w.hide], ['hideOthers', w.hideOthers], ['unhide', w.unhide], ['-'], ['quit', w.quit]])] : []),
    menu(w.file, mac ? [['close', w.close]] : [['close', w.close], ['-'], ['quit', w.quit]]),
    menu(w.edit, [['undo', w.undo], ['redo', w.redo], ['-'], ['cut', w.cut], ['copy', w.copy], ['paste', w.paste], ['selectAll', w.selectAll]]),
    menu(w.view, [
      ['zoomIn', w.zoomIn], ['zoomOut', w.zoomOut], ['resetZoom', w.resetZoom], ['-'], ['togglefullscreen', w.fullScreen],
      ...(packaged ? [] : ([['-'], ['reload', w.reload], ['toggleDevTools', w.developer]] as Roles)),
    ]),
    menu(w.window, [['minimize', w.minimize], ...(mac ? ([['-'], ['front']] as Roles) : [])]),
  ];
}

export function setMenu(): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(app.getLocale(), process.platform, app.isPackaged)));
}
