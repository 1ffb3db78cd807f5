import type { Words } from "./en";
import { list, number } from "./format";

const n = (value: number) => number(value, "zh");
const KINDS: Record<string, string> = {
  up: "启动", start: "启动", stop: "停止", restart: "重启", down: "关闭并移除容器", kill: "强制结束", pull: "拉取镜像", backup: "备份", restore: "恢复",
  create: "新建服务器", update: "修改 compose 文件", remove: "移除", preview: "恢复预览", verify: "验证快照", forget: "清除旧快照", prune: "清理仓库", check: "检查仓库",
  delete_snapshot: "删除快照", adopt_instance: "接管快照", copy_files: "复制文件", delete_files: "删除文件", extract_files: "解压文件",
};
const DISKS: Record<string, string> = { "the servers": "服务器", "the logs": "日志", "the backups": "备份" };

export const zh = {
  languageName: "中文",
  common: {
    justNow: "刚刚", retry: "重试", cancel: "取消", close: "关闭", copy: "复制", copied: "已复制", details: "详情", loading: "正在加载…",
    slow: "面板响应较慢。", skip: "跳到内容", mainMenu: "主菜单", unknown: "未知",
    pageTitle: (title) => `${title} · MC Admin`,
  },
  problems: {
    noAnswer: "面板没有响应。它还在运行吗？",
    wrongCredentials: "用户名或密码错误。",
    throttled: (seconds) => `尝试次数过多，请在 ${n(seconds)} 秒后重试。`,
    throttledNow: "尝试次数过多，请一分钟后重试。",
    wrongCode: "此链接无效，或属于之前的启动。面板每次启动时会输出最新的链接。",
    setupDone: "此面板已有所有者。",
    crashed: "页面的这一部分出错了。",
    rightMissing: "您没有此权限，所有者可以授予您。",
    engineAway: "Docker 引擎没有响应。",
    requestId: (id) => `请求 ${id}`,
  },
  signIn: {
    title: "登录", name: "用户名", password: "密码", remember: "在此设备上保持登录 30 天", submit: "登录",
    again: "请重新登录", ended: "您的会话已结束。您正在做的内容会保留。",
    setup: "此面板还没有所有者。请打开它启动时输出的链接。",
  },
  setup: {
    title: "欢迎使用 MC Admin", lead: "创建第一位所有者：拥有全部权限的账户。", again: "再次输入密码",
    hint: "至少 8 个字符，且不能是常见密码。", differ: "两次输入的密码不同。", submit: "创建所有者",
    noCode: "链接不完整：缺少代码。请按面板输出的链接打开。",
  },
  shell: {
    overview: "概览", servers: "服务器", me: "我", signOut: "退出登录", adminSite: "管理后台", api: "接口",
    live: "实时", connecting: "正在连接…",
    offline: (time) => `自 ${time} 起无连接。您看到的是当时的状态。`,
    nextTry: (seconds) => `${n(seconds)} 秒后重试。`, tryNow: "立即重试",
    back: "已重新连接。",
  },
  overview: {
    attention: "需要注意", seeWhy: "查看原因", allWell: "一切正常。", none: "还没有服务器。",
    noneHint: "把带有 compose 文件的文件夹放到服务器目录中，它会自动出现在这里；也可以在管理后台创建。",
    players: "玩家", cpu: "CPU", memory: "内存", port: "端口", version: "版本", server: "服务器", status: "状态", acts: "操作",
    playersOnline: (count) => `${n(count)} 名玩家在线`,
    running: (count, all) => `${n(all)} 台服务器中有 ${n(count)} 台正在运行`,
    of: (used, limit) => `${used} / ${limit}`,
    filter: "按名称筛选", noMatch: "没有名称匹配的服务器。",
  },
  status: {
    running: "运行中", noCheck: "运行中（无健康检查）", unwell: "不健康", paused: "已暂停", loop: "反复崩溃",
    starting: "正在启动…", stopped: "已停止", crashed: "已崩溃", never: "从未启动", removed: "已移除",
    unknown: "未知", problem: "文件有问题", since: "自",
  },
  acts: {
    start: "启动", stop: "停止", restart: "重启", kill: "强制结束",
    starting: "正在启动…", stopping: "正在停止…", restarting: "正在重启…",
    labelled: (act, server) => `${act} ${server}`,
    affected: (count, names) => `${n(count)} 名玩家将断开连接：${list(names, "zh")}。`,
    stopTitle: (server) => `停止 ${server}？`, restartTitle: (server) => `重启 ${server}？`,
    offline: "未连接到面板，无法操作。", busy: "此服务器上正在执行其他操作。",
    engineAway: "Docker 引擎没有响应，无法操作。",
  },
  operations: {
    tray: "操作", kind: (kind) => KINDS[kind] ?? kind, dismiss: "关闭提示", cancel: "取消",
  },
  activity: {
    title: "操作记录", one: "操作", of: (kind, server) => `${kind} · ${server}`,
    state: { running: "进行中", succeeded: "完成", failed: "失败", interrupted: "已中断", cancelled: "已取消" },
    origin: (origin) => ({ api: "通过 API", admin: "在管理后台", command: "在命令行", schedule: "按计划" })[origin] ?? origin,
    cancelling: "正在取消…",
    left: (time) => `剩余 ${time}`, took: (time) => `用时 ${time}`, more: (count) => `还有 ${n(count)} 项`,
    all: "全部", alone: "不属于单个服务器", kind: "内容", person: "人员", older: "更早的",
    none: "还没有任何操作。", noMatch: "没有符合的操作。", showAll: "显示全部",
    output: "输出", result: "结果", nothingYet: "尚无输出。", printedNothing: "没有输出。",
    toServer: (server) => `前往 ${server}`,
    missing: "没有这项操作", missingText: "地址有误，或它属于您无权查看的服务器。",
  },
  matters: {
    engineAway: "Docker 引擎没有响应", serverProblem: (server) => `${server}：文件有问题`,
    serverDown: (server) => `${server} 已崩溃`, serverUnwell: (server) => `${server} 状态不佳`,
    savingOff: (game) => `${game} 已关闭保存`, noRepository: "没有备份：尚未设置仓库",
    repositoryWarning: "备份仓库存在风险", sameDisk: "备份与服务器位于同一磁盘",
    repositoryUnread: "无法读取备份仓库", snapshotWarning: (server) => `${server} 的最新备份不完整`,
    noBackup: (server) => `${server} 还没有完整备份`, backupLate: (server) => `${server} 的最近一次完整备份已过旧`,
    diskLow: (disk, free, total) => `${DISKS[disk] ?? disk}所在磁盘将满：${total} 中仅剩 ${free}`,
    auditLost: (late, lost, day) => `${day} 的审计：${late} 条延迟，${lost} 条丢失`,
    backUp: "备份", backingUp: "正在备份…", showAll: (count) => `显示全部 ${n(count)} 项`,
  },
  console: {
    title: "控制台", log: "服务器控制台", source: "来源", gameLog: "游戏日志", container: "容器输出",
    filter: "筛选行", levels: "级别", all: "全部", warnings: "警告", errors: "错误", wrap: "自动换行",
    copyView: "复制当前显示内容", follow: "跳到末尾", newLines: (count) => `${n(count)} 行新内容`,
    command: "命令", placeholder: "输入命令", send: "发送",
    notReady: "服务器现在不接受命令。", noRight: "您可以查看此控制台，但不能发送命令。",
    lost: (count) => `有 ${n(count)} 行未收到。`,
    anew: "控制台已重新开始。", empty: "日志中还没有内容。", noMatch: "没有符合筛选条件的行。",
    confirm: (command) => `发送“${command}”？`, confirmText: "此命令的影响不止于聊天，玩家可能会察觉。",
    kept: (count) => `${n(count)} 行`,
    reconnecting: "正在连接控制台…",
    closed: "控制台已关闭。", warningMark: "警告", errorMark: "错误",
  },
  server: {
    address: "端口", copyAddress: "复制地址", players: (count) => `${n(count)} 名玩家`,
    missing: "没有这台服务器", missingText: "它已被移除，或从未存在。已移除的服务器可以在管理后台恢复。",
    whatHappened: "发生了什么", asBrowserSees: "从此浏览器看到的地址",
  },
  me: {
    title: "我", role: { owner: "所有者", admin: "管理员" }, look: "外观", system: "跟随系统", light: "浅色", dark: "深色", language: "语言",
    password: "密码", oldPassword: "当前密码", newPassword: "新密码", again: "再次输入新密码", change: "修改密码",
    changed: "密码已修改，其他会话均已结束。",
    sessions: "会话", thisOne: "当前", end: "结束", endOthers: "结束所有其他会话", endOf: (what) => `结束 ${what}`,
    lastUsed: "最近使用", began: "开始于", noOthers: "没有其他会话。",
    method: { page: "页面", admin_site: "管理后台", token: "令牌", code: "代码" },
  },
  missing: { title: "这里什么都没有", text: "此地址不属于本页面。", home: "返回概览" },
} satisfies Words;
