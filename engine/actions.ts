import type { AppAction } from './api.ts';

/**
 * What the app itself can do, as it is asked for: the descriptions that a question is compared with (LLM-Embedder's tool
 * retrieval, arXiv 2310.07554), a few ways of saying each in either language.
 */
export const ACTIONS: Record<AppAction, readonly string[]> = {
  'add-files': [
    'add files to the library', 'import documents', 'how do I add a PDF here', 'add a folder to watch', 'upload documents to this app',
    '添加文件到资料库', '导入文档', '怎么添加资料', '上传 PDF', '添加文件夹',
  ],
  'new-library': ['create a new library', 'make another library for my documents', '新建资料库', '怎么新建一个资料库', '再建一个库'],
  'open-learning': [
    'learn from my thumbs', 'start learning from feedback', 'train the search on my feedback', 'make the answers better with my feedback', 'what have you learned from me',
    '从我的反馈中学习', '开始学习', '用点赞训练检索', '你从我这里学到了什么', '怎样让回答变得更好',
  ],
  'open-models': [
    'choose another model', 'use a local language model', 'switch the embedding model', 'download a model', 'connect Ollama', 'which model are you using',
    '更换模型', '使用本地大模型', '切换嵌入模型', '下载模型', '连接 Ollama', '你用的是什么模型',
  ],
  'open-settings': ['open the settings', 'change the preferences of this app', '打开设置', '修改软件设置', '在哪里设置'],
  'change-language': ['change the language of the app', 'switch the interface to Chinese', 'switch the interface to English', '切换界面语言', '把界面改成英文', '界面换成中文'],
  'change-theme': ['turn on dark mode', 'switch to the light theme', 'change the colour theme of the app', '打开深色模式', '切换到浅色主题', '更换主题颜色'],
  'export-samples': ['export my feedback', 'export the training samples', 'save my judgements to a file', '导出反馈', '导出训练样本', '把我的评价导出来'],
  'pause-reading': ['pause reading the documents', 'stop indexing for now', 'pause the import of files', '暂停读取文件', '暂停索引', '先别处理文件了'],
};
