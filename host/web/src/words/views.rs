//! Saved views.

use super::Lang;
use crate::page::views::Unit;
use posthouse_model::view::{DEPTH_MAX, FilterFault, MINUTES_MAX, TESTS_MAX, VALUE_CHARS_MAX, VALUES_MAX, ViewSort};

super::words! {
    views_title: "Views", "视图";
    views_about: "A view is a list of tickets that you put together once. Yours are for you alone; shared ones are for the whole team.", "视图是一次设定、反复使用的工单列表。自己的视图只有自己可见，共享视图全团队可见。";
    views_mine: "Mine", "我的视图";
    views_shared: "Shared", "共享视图";
    views_none_mine: "You have none yet.", "还没有自己的视图。";
    views_none_shared: "Nothing is shared yet. Leads can share a view.", "还没有共享视图，组长可以共享视图。";
    views_edit: "Make and change views", "新建和修改视图";
    view_unassigned: "Unassigned", "未分派";
    empty_unassigned: "Every waiting ticket has somebody.", "待审工单都已分派。";
    empty_saved: "No ticket is in this view.", "这个视图里没有工单。";
    view_up(name): "Move {name} up", "上移 {name}";
    view_down(name): "Move {name} down", "下移 {name}";
    view_change(name): "Change the view {name}", "修改视图 {name}";
    change: "Change", "修改";
    view_make: "New view", "新建视图";
    view_edit: "Change the view", "修改视图";
    view_name: "Name", "名称";
    view_sort: "Order", "排序";
    view_share: "Share with the team", "与团队共享";
    view_keep: "Keep the view", "保存视图";
    view_leave: "Leave it", "放弃修改";
    view_delete: "Delete the view", "删除视图";
    view_group: "Conditions taken together", "一组条件";
    view_joint: "How the conditions are taken together", "条件之间的关系";
    view_drop_group: "Take this group out", "去掉这一组";
    view_drop_test(what): "Take the condition {what} out", "去掉条件：{what}";
    view_which_test: "Which condition", "选择条件";
    view_add_test: "Add the condition", "添加条件";
    view_add_group: "Add a group", "添加一组";
    view_unit: "Unit of time", "时间单位";
    view_languages_hint: "Codes with commas between them: es, de, ja", "语言代码，用逗号分隔：es, de, ja";
    view_list_hint(n): "With commas between them, at most {n}", "用逗号分隔，最多 {n} 个";
    view_text_hint: "In the ticket's number, subject, customer, order or tracking number", "在工单号、主题、客户、订单号或运单号中";
    joint_all: "All of these", "满足全部条件";
    joint_any: "At least one of these", "满足任一条件";
    joint_none: "None of these", "均不满足";
    test_status: "State", "状态是";
    test_tag: "Label", "标签";
    test_assignee: "Assigned to", "负责人";
    test_older: "Newest mail older than", "最新邮件早于";
    test_younger: "Newest mail younger than", "最新邮件晚于";
    test_due: "Answer due within", "剩余时间少于";
    test_overdue: "Overdue", "已超时";
    test_text: "Contains", "包含文字";
    who_me: "Whoever looks", "查看者本人";
    who_nobody: "Nobody", "无人";
    who_somebody: "Anybody", "任何人";
    unit_minutes: "minutes", "分钟";
    unit_hours: "hours", "小时";
    unit_days: "days", "天";
    sort_due: "What is due first", "先到期的在前";
    sort_newest: "Newest first", "最新的在前";
    sort_oldest: "Oldest first", "最早的在前";
    fault_deep(n): "Groups stand more than {n} deep within each other. Take one out.", "条件组嵌套超过 {n} 层，请去掉一层。";
    fault_many(n): "There are more than {n} conditions. Make two views of it.", "条件超过 {n} 个，请拆成两个视图。";
    fault_empty_group: "This group is empty. Add a condition, or take the group out.", "这一组没有条件，请添加条件或去掉这一组。";
    fault_no_value: "Nothing is chosen here. Choose something, or take the condition out.", "这里没有选择任何值，请选择或去掉这个条件。";
    fault_many_values(n): "At most {n} values are possible here.", "这里最多 {n} 个值。";
    fault_long(n): "A value may have at most {n} characters.", "每个值最多 {n} 个字符。";
    fault_span(days): "Write a whole number, from 1 minute to {days} days.", "请填写整数，从 1 分钟到 {days} 天。";
    refused_view_name(n): "A view needs a name of 1 to {n} characters.", "视图名称需要 1 至 {n} 个字符。";
    refused_view_name_taken(name): "There is a view called {name} already. Choose another name.", "已有名为 {name} 的视图，请换一个名称。";
    refused_view_count(n): "There are {n} such views already. Delete one first.", "这类视图已有 {n} 个，请先删除一个。";
    refused_view_changed: "Somebody has changed this view meanwhile. What you made is still in the form; keeping it now replaces theirs.", "这个视图刚被他人修改。您的内容还在表单里，再次保存将覆盖对方的修改。";
    refused_view_share: "Only leads and admins share views.", "只有组长和管理员可以共享视图。";
    refused_view_filter: "Something in the conditions is not right: see below.", "条件有误，见下方说明。";
}

impl Lang {
    /// An order's name.
    #[must_use]
    pub fn sort_name(self, sort: ViewSort) -> &'static str {
        match sort {
            ViewSort::Due => self.sort_due(),
            ViewSort::Newest => self.sort_newest(),
            ViewSort::Oldest => self.sort_oldest(),
        }
    }

    /// A unit's name.
    #[must_use]
    pub fn unit_name(self, unit: Unit) -> &'static str {
        match unit {
            Unit::Minutes => self.unit_minutes(),
            Unit::Hours => self.unit_hours(),
            Unit::Days => self.unit_days(),
        }
    }

    /// What is wrong with a filter.
    #[must_use]
    pub fn filter_fault(self, fault: FilterFault) -> String {
        match fault {
            FilterFault::TooDeep => self.fault_deep(DEPTH_MAX),
            FilterFault::TooMany => self.fault_many(TESTS_MAX),
            FilterFault::EmptyGroup => self.fault_empty_group().to_owned(),
            FilterFault::NoValue => self.fault_no_value().to_owned(),
            FilterFault::TooManyValues => self.fault_many_values(VALUES_MAX),
            FilterFault::TooLong => self.fault_long(VALUE_CHARS_MAX),
            FilterFault::OutOfRange => self.fault_span(MINUTES_MAX / 60 / 24),
        }
    }
}
