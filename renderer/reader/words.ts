import type { FailureCode } from '../../engine/api.ts';

/** Every string the reader shows; functions take what varies. */
export interface ReaderWords {
  reader: (name: string) => string;
  close: string;
  loading: string;
  textView: string;
  pageView: string;
  page: string;
  ofPages: (pages: number) => string;
  pageNumber: (page: number) => string;
  previousPage: string;
  nextPage: string;
  zoomIn: string;
  zoomOut: string;
  fitWidth: string;
  find: string;
  findPlaceholder: string;
  findCount: (current: number, total: number) => string;
  findNothing: string;
  findPrevious: string;
  findNext: string;
  findClose: string;
  citation: (current: number, total: number) => string;
  previousCitation: string;
  nextCitation: string;
  rightPlace: string;
  rightPlaceSaved: string;
  whyNot: string;
  copyWithSource: string;
  copied: string;
  selectionActions: string;
  notLocated: string;
  passwordAsked: string;
  passwordWrong: string;
  password: string;
  open: string;
  table: string;
  contents: string;
  gone: string;
  fileGone: string;
  waiting: string;
  failures: Record<FailureCode, string>;
  damagedPdf: string;
  unreadable: string;
  retry: string;
  empty: string;
  quoted: (quote: string, source: string) => string;
}

export const readerWordsEn: ReaderWords = {
  reader: (name) => `Reader: ${name}`,
  close: 'Close reader',
  loading: 'Opening the document…',
  textView: 'Text view',
  pageView: 'Page view',
  page: 'Page',
  ofPages: (pages) => `of ${pages}`,
  pageNumber: (page) => `Page ${page}`,
  previousPage: 'Previous page',
  nextPage: 'Next page',
  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
  fitWidth: 'Fit width',
  find: 'Find in document',
  findPlaceholder: 'Find in document',
  findCount: (current, total) => `${current} of ${total}`,
  findNothing: 'Not found',
  findPrevious: 'Previous match',
  findNext: 'Next match',
  findClose: 'Close find',
  citation: (current, total) => `Citation ${current} of ${total}`,
  previousCitation: 'Previous citation',
  nextCitation: 'Next citation',
  rightPlace: 'The right place is here',
  rightPlaceSaved: 'Noted. Lodestone will learn from this.',
  whyNot: 'Why was this not cited?',
  copyWithSource: 'Copy with source',
  copied: 'Copied',
  selectionActions: 'Selected text',
  notLocated: 'This selection could not be matched with the text of the document. Try selecting a whole sentence.',
  passwordAsked: 'This PDF is protected. Enter its password to read it here.',
  passwordWrong: 'That password does not open this PDF. Try again.',
  password: 'Password',
  open: 'Open',
  table: 'Table',
  contents: 'Document',
  gone: 'This document is no longer in the library. Add it again to read it.',
  fileGone: 'The file itself is no longer where it was. This is the text Lodestone kept of it.',
  waiting: 'This document is waiting to be read. It will open here as soon as that is done.',
  failures: {
    empty: 'This file is empty, so there is nothing to read.',
    encrypted: 'This file is protected by a password. Enter the password in the library to read it.',
    'wrong-password': 'The password does not open this file. Enter another one in the library.',
    damaged: 'This file is damaged and could not be read. Try a fresh copy of it.',
    'no-text': 'No text could be recognised on the pages of this file.',
    unsupported: 'Files of this kind cannot be read yet.',
    mismatched: 'The content of this file is of another kind than its name says. Rename it and try again.',
    'too-large': 'This file is larger than the limit in the settings.',
    'too-slow': 'Reading this file took longer than the limit in the settings.',
    'too-much-memory': 'Reading this file needed more memory than the limit in the settings.',
    missing: 'This file is no longer where it was.',
    unreadable: 'This file could not be opened. Check that you may read it.',
  },
  damagedPdf: 'The pages of this PDF cannot be shown. This is the text Lodestone kept of it.',
  unreadable: 'The document could not be opened just now.',
  retry: 'Try again',
  empty: 'There is no text in this document.',
  quoted: (quote, source) => `“${quote}”\n— ${source}`,
};

export const readerWordsZh: ReaderWords = {
  reader: (name) => `阅读：${name}`,
  close: '关闭阅读器',
  loading: '正在打开文档…',
  textView: '文本视图',
  pageView: '页面视图',
  page: '页码',
  ofPages: (pages) => `共 ${pages} 页`,
  pageNumber: (page) => `第 ${page} 页`,
  previousPage: '上一页',
  nextPage: '下一页',
  zoomIn: '放大',
  zoomOut: '缩小',
  fitWidth: '适合宽度',
  find: '在文档中查找',
  findPlaceholder: '在文档中查找',
  findCount: (current, total) => `第 ${current} 处，共 ${total} 处`,
  findNothing: '没有找到',
  findPrevious: '上一处',
  findNext: '下一处',
  findClose: '关闭查找',
  citation: (current, total) => `引用 ${current} / ${total}`,
  previousCitation: '上一处引用',
  nextCitation: '下一处引用',
  rightPlace: '答案应该在这里',
  rightPlaceSaved: '已记下，Lodestone 会从中学习。',
  whyNot: '为什么没有引用这里？',
  copyWithSource: '复制并附出处',
  copied: '已复制',
  selectionActions: '选中的文字',
  notLocated: '选中的文字没能与文档内容对上，请试着选中完整的一句话。',
  passwordAsked: '这份 PDF 受密码保护，请输入密码后在此阅读。',
  passwordWrong: '密码不对，请再试一次。',
  password: '密码',
  open: '打开',
  table: '表格',
  contents: '文档内容',
  gone: '这份文档已不在资料库中。重新添加后即可阅读。',
  fileGone: '原文件已不在原来的位置，这里显示的是 Lodestone 保存下来的文字。',
  waiting: '这份文档正在排队等待读取，读取完成后就会在这里打开。',
  failures: {
    empty: '这个文件是空的，没有可读的内容。',
    encrypted: '这个文件受密码保护。请在资料库中输入密码后再读取。',
    'wrong-password': '密码不对，打不开这个文件。请在资料库中重新输入。',
    damaged: '这个文件已损坏，无法读取。请换一份完好的副本。',
    'no-text': '这个文件的页面上没有识别出文字。',
    unsupported: '暂时还不能读取这种文件。',
    mismatched: '文件的实际内容与扩展名不符。请改正文件名后再试。',
    'too-large': '这个文件超过了设置中的大小上限。',
    'too-slow': '读取这个文件的时间超过了设置中的上限。',
    'too-much-memory': '读取这个文件所需的内存超过了设置中的上限。',
    missing: '这个文件已不在原来的位置。',
    unreadable: '这个文件打不开，请检查是否有读取权限。',
  },
  damagedPdf: '这份 PDF 的页面无法显示，这里是 Lodestone 保存下来的文字。',
  unreadable: '文档暂时打不开。',
  retry: '重试',
  empty: '这份文档里没有文字。',
  quoted: (quote, source) => `“${quote}”\n——${source}`,
};
