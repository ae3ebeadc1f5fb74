-- Open and urgent ones are counted beside every page.
create index ticket_urgent on ticket (tenant_id, status, urgency, queue);
