"""What a guest read, as lines "name=JSON". Lists instead of objects, so that every language writes the same."""

import json


def plain(value):
    """As JSON of every language has it: whole numbers without a point, enums as words."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return getattr(value, "value", value)


def line(name, value):
    return f"{name}={json.dumps(plain(value), ensure_ascii=False, separators=(',', ':'))}"


def lines(**values):
    return [line(name.replace("_", "-"), value) for name, value in values.items()]


def address(a):
    return a and [a.name, a.address]


def money(m):
    return m and [m.units, m.scale, m.currency]


def date(d):
    return d and [d.year, d.month, d.day]


def span(s):
    return s and [s.part, s.start, s.end]


def of_call(call):
    t = call.local_time("Asia/Shanghai")
    return lines(
        now=call.now,
        seed=call.seed,
        local=[date(t.date), t.hour, t.minute, t.second, t.weekday, t.offset_seconds],
        nowhere=call.local_time("Nowhere/City", 0),
        tenant=call.tenant_name,
        agents=call.agent_language,
    )


def of_message(message):
    return lines(
        subject=message.subject,
        body=message.body,
        full=message.full_text,
        **{"from": address(message.sender)},
        reply_to=address(message.reply_to),
        to=[address(a) for a in message.to],
        cc=[address(a) for a in message.cc],
        sent=message.sent_at,
        incoming=message.is_incoming,
        language=message.language,
        header=message.header("x-SHOP"),
        no_header=message.header("x-nothing"),
        files=[[file.name, file.media_type, file.size, file.is_inline] for file in message.attachments],
    )


def of_ticket(ticket):
    return lines(
        number=ticket.number,
        subject=ticket.subject,
        status=ticket.status,
        created=ticket.created_at,
        customer=address(ticket.customer),
        category=ticket.category,
        urgency=ticket.urgency,
        sentiment=ticket.sentiment,
        language=ticket.language,
        entities=[
            [e.kind, e.value, e.finding.confidence, span(e.finding.span), e.carrier, money(e.money), date(e.date)]
            for e in ticket.entities
        ],
        tags=ticket.tags,
        queue=ticket.queue,
        deadline=ticket.deadline,
        missing=ticket.missing,
        risks=ticket.risks,
        facts=[[f.key, f.label, f.value] for f in ticket.facts],
        orders=[
            [o.number, o.status, date(o.placed_on), money(o.total), o.country, o.tracking_number, o.carrier]
            for o in ticket.orders
        ],
        count=ticket.message_count,
        latest=ticket.latest.subject,
        recent=[m.subject for m in ticket.recent(2)],
    )


def of_notification(notification):
    link = notification.link
    return lines(
        id=notification.id,
        kind=notification.kind,
        language=notification.language,
        title=notification.title,
        lines=notification.lines,
        fields=[[f.label, f.value] for f in notification.fields],
        link=link and [link.label, link.url],
        urgency=notification.urgency,
        deadline=notification.deadline,
        ticket=notification.ticket and notification.ticket.number,
    )


def of_outgoing(outgoing):
    return lines(
        subject=outgoing.subject,
        body=outgoing.body,
        to=[address(a) for a in outgoing.to],
        cc=[address(a) for a in outgoing.cc],
        language=outgoing.language,
        files=outgoing.attachment_names,
        automatic=outgoing.is_automatic,
        ticket=outgoing.ticket.number,
    )
