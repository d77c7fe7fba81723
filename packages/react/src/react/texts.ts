/** Every word the components show. `{name}` is filled in; numbers and dates come formatted for the locale. */
export interface Texts {
  /** Screen readers' name of the badge: {count}. */
  readonly credits: string;
  readonly creditsUnit: string;
  readonly loading: string;
  readonly unavailable: string;
  readonly signedOut: string;
  readonly frozen: string;
  readonly offline: string;
  readonly retry: string;
  /** {remaining} {total} */
  readonly allowanceOf: string;
  readonly allowance: string;
  readonly noAllowance: string;
  /** {date} */
  readonly nextReset: string;
  /** {count} */
  readonly otherCredits: string;
  readonly member: string;
  readonly notMember: string;
  readonly join: string;
  /** {date} */
  readonly renewsOn: string;
  /** {date} */
  readonly endsOn: string;
  /** {tier} {date} */
  readonly changesTo: string;
  /** {count} */
  readonly perMonth: string;
  readonly monthly: string;
  readonly yearly: string;
  readonly cancel: string;
  readonly resume: string;
  readonly history: string;
  readonly noHistory: string;
  readonly loadMore: string;
  readonly topUpTitle: string;
  /** {required} {available} {shortfall} */
  readonly topUpBody: string;
  /** {count} */
  readonly buy: string;
  readonly upgrade: string;
  readonly dismiss: string;
  readonly typeConsume: string;
  readonly typeRefund: string;
  readonly typeGrant: string;
  readonly typeReset: string;
  readonly typeExpire: string;
  readonly typeHold: string;
  readonly typeRelease: string;
  readonly typeAdjust: string;
  readonly typeFreeze: string;
  readonly typeUnfreeze: string;
}

export const en: Texts = {
  credits: "{count} credits",
  creditsUnit: "credits",
  loading: "Loading …",
  unavailable: "Not available",
  signedOut: "Signed out",
  frozen: "This account is frozen",
  offline: "Not connected; this may be out of date",
  retry: "Try again",
  allowanceOf: "{remaining} of {total} left",
  allowance: "Monthly allowance",
  noAllowance: "No monthly allowance",
  nextReset: "Next reset {date}",
  otherCredits: "{count} more from packages and gifts",
  member: "Member",
  notMember: "Not a member",
  join: "Become a member",
  renewsOn: "Renews {date}",
  endsOn: "Ends {date}",
  changesTo: "Changes to {tier} on {date}",
  perMonth: "{count} credits a month",
  monthly: "monthly",
  yearly: "yearly",
  cancel: "Cancel membership",
  resume: "Keep membership",
  history: "History",
  noHistory: "Nothing has happened yet",
  loadMore: "Show more",
  topUpTitle: "Not enough credits",
  topUpBody: "This needs {required}; you have {available}. {shortfall} are missing.",
  buy: "Get {count} credits",
  upgrade: "See memberships",
  dismiss: "Not now",
  typeConsume: "Spent",
  typeRefund: "Refunded",
  typeGrant: "Added",
  typeReset: "Monthly reset",
  typeExpire: "Expired",
  typeHold: "Reserved",
  typeRelease: "Released",
  typeAdjust: "Adjusted",
  typeFreeze: "Frozen",
  typeUnfreeze: "Unfrozen",
};

export const zhCN: Texts = {
  credits: "{count} 积分",
  creditsUnit: "积分",
  loading: "加载中…",
  unavailable: "暂不可用",
  signedOut: "未登录",
  frozen: "账户已冻结",
  offline: "连接已断开,数据可能不是最新",
  retry: "重试",
  allowanceOf: "剩余 {remaining} / {total}",
  allowance: "每月额度",
  noAllowance: "没有每月额度",
  nextReset: "下次重置:{date}",
  otherCredits: "另有 {count} 来自积分包和赠送",
  member: "会员",
  notMember: "非会员",
  join: "成为会员",
  renewsOn: "{date} 续期",
  endsOn: "{date} 到期",
  changesTo: "{date} 变更为 {tier}",
  perMonth: "每月 {count} 积分",
  monthly: "按月",
  yearly: "按年",
  cancel: "取消会员",
  resume: "保留会员",
  history: "积分记录",
  noHistory: "暂无记录",
  loadMore: "加载更多",
  topUpTitle: "积分不足",
  topUpBody: "本次需要 {required} 积分,可用 {available},还差 {shortfall}。",
  buy: "购买 {count} 积分",
  upgrade: "查看会员方案",
  dismiss: "以后再说",
  typeConsume: "消费",
  typeRefund: "退还",
  typeGrant: "增加",
  typeReset: "每月重置",
  typeExpire: "过期",
  typeHold: "预留",
  typeRelease: "释放",
  typeAdjust: "调整",
  typeFreeze: "冻结",
  typeUnfreeze: "解冻",
};
