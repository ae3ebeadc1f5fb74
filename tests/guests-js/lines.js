// What a guest read, as lines "name=JSON". Lists instead of objects, so that every language writes the same.

/** @param {any} a an address */
const address = (a) => a && [a.name, a.address];
const money = (m) => m && [m.units, m.scale, m.currency];
const date = (d) => d && [d.year, d.month, d.day];
const span = (s) => s && [s.part, s.start, s.end];

/** @param {string} name @param {any} value */
export const line = (name, value) => `${name}=${JSON.stringify(value)}`;

/** @param {Record<string, any>} values */
const lines = (values) => Object.entries(values).map(([name, value]) => line(name, value));

export function ofCall(call) {
  const t = call.localTime("Asia/Shanghai");
  return lines({
    now: call.now,
    seed: call.seed,
    local: [date(t.date), t.hour, t.minute, t.second, t.weekday, t.offsetSeconds],
    nowhere: call.localTime("Nowhere/City", 0),
    tenant: call.tenantName,
    agents: call.agentLanguage,
  });
}

export function ofMessage(message) {
  return lines({
    subject: message.subject,
    body: message.body,
    full: message.fullText,
    from: address(message.from),
    "reply-to": address(message.replyTo),
    to: message.to.map(address),
    cc: message.cc.map(address),
    sent: message.sentAt,
    incoming: message.isIncoming,
    language: message.language,
    header: message.header("x-SHOP"),
    "no-header": message.header("x-nothing"),
    files: message.attachments.map((file) => [file.name, file.mediaType, file.size, file.isInline]),
  });
}

export function ofTicket(ticket) {
  return lines({
    number: ticket.number,
    subject: ticket.subject,
    status: ticket.status,
    created: ticket.createdAt,
    customer: address(ticket.customer),
    category: ticket.category,
    urgency: ticket.urgency,
    sentiment: ticket.sentiment,
    language: ticket.language,
    entities: ticket.entities.map((e) => [
      e.kind,
      e.value,
      e.finding.confidence,
      span(e.finding.span),
      e.carrier,
      money(e.money),
      date(e.date),
    ]),
    tags: ticket.tags,
    queue: ticket.queue,
    deadline: ticket.deadline,
    missing: ticket.missing,
    risks: ticket.risks,
    facts: ticket.facts.map((f) => [f.key, f.label, f.value]),
    orders: ticket.orders.map((o) => [
      o.number,
      o.status,
      date(o.placedOn),
      money(o.total),
      o.country,
      o.trackingNumber,
      o.carrier,
    ]),
    count: ticket.messageCount,
    latest: ticket.latest.subject,
    recent: ticket.recent(2).map((m) => m.subject),
  });
}

export function ofNotification(notification) {
  return lines({
    id: notification.id,
    kind: notification.kind,
    language: notification.language,
    title: notification.title,
    lines: notification.lines,
    fields: notification.fields.map((f) => [f.label, f.value]),
    link: notification.link && [notification.link.label, notification.link.url],
    urgency: notification.urgency,
    deadline: notification.deadline,
    ticket: notification.ticket && notification.ticket.number,
  });
}

export function ofOutgoing(outgoing) {
  return lines({
    subject: outgoing.subject,
    body: outgoing.body,
    to: outgoing.to.map(address),
    cc: outgoing.cc.map(address),
    language: outgoing.language,
    files: outgoing.attachmentNames,
    automatic: outgoing.isAutomatic,
    ticket: outgoing.ticket.number,
  });
}
