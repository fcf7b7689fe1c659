//! The fields of a recipient by the names files give them.

use fenghuo_contract::Channel;

/// A field of a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    ExternalId,
    Name,
    Areas,
    Groups,
    Language,
    Drill,
    Duty,
    OptOutBelow,
    Deputy,
    Latitude,
    Longitude,
    Coordinates,
    Endpoint(Channel),
}

/// Other names of fields, lower case, without blanks and underscores.
const ALIASES: &[(Column, &[&str])] = &[
    (Column::ExternalId, &["externalid", "id", "编号", "外部编号", "人员编号", "序号", "工号"]),
    (Column::Name, &["name", "姓名", "名称", "单位名称"]),
    (Column::Areas, &["areas", "area", "区划", "区划代码", "行政区划", "行政区划代码", "地区", "地区代码"]),
    (Column::Groups, &["groups", "group", "分组", "组", "组别", "群组"]),
    (Column::Language, &["language", "lang", "语言", "语种"]),
    (Column::Drill, &["drill", "演练", "参加演练"]),
    (Column::Duty, &["duty", "值守", "责任人", "应急职责"]),
    (Column::OptOutBelow, &["optoutbelow", "最低接收等级", "最低接收级别", "接收等级"]),
    (Column::Deputy, &["deputy", "代理人", "代理人编号", "代班人"]),
    (Column::Latitude, &["latitude", "lat", "纬度"]),
    (Column::Longitude, &["longitude", "lon", "lng", "经度"]),
    (Column::Coordinates, &["coordinates", "crs", "坐标系", "坐标系统"]),
    (Column::Endpoint(Channel::Sms), &["sms", "phone", "mobile", "手机", "手机号", "手机号码", "电话", "短信"]),
    (Column::Endpoint(Channel::Wechat), &["wechat", "openid", "微信", "微信号"]),
    (Column::Endpoint(Channel::Push), &["push", "推送", "推送标识"]),
    (Column::Endpoint(Channel::Email), &["email", "e-mail", "mail", "邮箱", "电子邮箱", "邮件", "电子邮件"]),
    (Column::Endpoint(Channel::Display), &["display", "屏幕", "显示屏"]),
    (Column::Endpoint(Channel::Broadcast), &["broadcast", "广播", "喇叭", "大喇叭"]),
    (Column::Endpoint(Channel::Webhook), &["webhook", "接口", "回调"]),
];

impl Column {
    /// The field a file calls by this name.
    pub(super) fn of(name: &str) -> Option<Self> {
        let kept = |c: &char| !c.is_whitespace() && !matches!(c, '_' | '\u{feff}');
        let plain: String = name.chars().filter(kept).flat_map(char::to_lowercase).collect();
        ALIASES.iter().find(|(_, names)| names.contains(&plain.as_str())).map(|(column, _)| *column)
    }

    /// The name errors use.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ExternalId => "external_id",
            Self::Name => "name",
            Self::Areas => "areas",
            Self::Groups => "groups",
            Self::Language => "language",
            Self::Drill => "drill",
            Self::Duty => "duty",
            Self::OptOutBelow => "opt_out_below",
            Self::Deputy => "deputy",
            Self::Latitude => "latitude",
            Self::Longitude => "longitude",
            Self::Coordinates => "coordinates",
            Self::Endpoint(channel) => channel.name(),
        }
    }

    /// Whether it holds several values.
    pub(super) const fn is_list(self) -> bool {
        matches!(self, Self::Areas | Self::Groups)
    }
}

/// The values of a list written in one field.
pub(super) fn split(text: &str) -> impl Iterator<Item = &str> {
    let separates = |c: char| c.is_whitespace() || matches!(c, ';' | '；' | '|' | '｜' | '、' | ',' | '，');
    text.split(separates).filter(|part| !part.is_empty())
}
