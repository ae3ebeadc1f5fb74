// Labels and reasons for agents, in Chinese and English.

const WORDS = {
  en: {
    items: "Ordered",
    shipment: "Shipment",
    batch: (/** @type {string} */ number) => `Batch ${number}`,
    lastSeen: "last seen",
    bestBefore: (/** @type {string} */ date) => `best before ${date}`,
    recalled: (/** @type {string} */ reason) => `RECALLED: ${reason}`,
    unknownOrder: (/** @type {string} */ number) => `the shop has no order ${number}`,
    unknownBatch: (/** @type {string} */ number) => `the shop knows no batch ${number}: a typing error, or not our product`,
    othersOrder: (/** @type {string} */ number) =>
      `order ${number} belongs to another e-mail address: ask who is writing before telling anything about it`,
    away: "Order system",
    awayNow: "not reachable: look the order up by hand",
    awayWhy: (/** @type {string} */ reason) => `the order system gave no answer (${reason}): what stands here is not complete`,
  },
  zh: {
    items: "商品",
    shipment: "物流",
    batch: (/** @type {string} */ number) => `批号 ${number}`,
    lastSeen: "最后位置",
    bestBefore: (/** @type {string} */ date) => `保质期至 ${date}`,
    recalled: (/** @type {string} */ reason) => `已召回：${reason}`,
    unknownOrder: (/** @type {string} */ number) => `店铺系统中没有订单 ${number}`,
    unknownBatch: (/** @type {string} */ number) => `没有批号 ${number}：可能写错，或不是本店商品`,
    othersOrder: (/** @type {string} */ number) => `订单 ${number} 属于另一个邮箱：请先核实来信人身份，再透露任何信息`,
    away: "订单系统",
    awayNow: "暂时无法访问：请人工查询订单",
    awayWhy: (/** @type {string} */ reason) => `订单系统没有应答（${reason}）：此处信息不完整`,
  },
};

/**
 * @param {string} language BCP 47
 * @returns {typeof WORDS.en}
 */
export function wordsFor(language) {
  return language.toLowerCase().startsWith("zh") ? WORDS.zh : WORDS.en;
}
