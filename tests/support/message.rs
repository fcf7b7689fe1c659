//! Warnings to post.

use serde_json::{Value, json};

/// The district, and two of its streets.
pub const DISTRICT: &str = "230109000000";
pub const STREET: &str = "230109005000";
pub const OTHER_STREET: &str = "230109002000";

/// A warning in our JSON form, valid until long after any test. Change what a test is about.
pub fn warning(identifier: &str, level: &str) -> Value {
    json!({
        "identifier": identifier,
        "sender": "test@songbei.example",
        "sent": "2026-11-24T08:00:00+08:00",
        "status": "exercise",
        "kind": "alert",
        "scope": "public",
        "infos": [{
            "language": "zh-CN",
            "categories": ["met"],
            "event": "暴雨",
            "urgency": "immediate",
            "level": level,
            "certainty": "observed",
            "hazard": "11B03",
            "onset": "2026-11-24T08:00:00+08:00",
            "expires": "2036-11-24T08:00:00+08:00",
            "sender_name": "松北区防汛抗旱指挥部",
            "headline": "松北区防汛抗旱指挥部发布暴雨预警",
            "description": "预计未来 3 小时松北区降雨量将达 100 毫米以上。",
            "instruction": "停止户外活动，低洼地带人员立即转移。",
            "areas": [{"description": "松北区", "geocodes": [{"name": "CN-STAT-CODE", "value": DISTRICT}]}]
        }]
    })
}

/// An update or cancel of an earlier message.
pub fn following(earlier: &Value, identifier: &str, kind: &str) -> Value {
    let mut message = earlier.clone();
    message["identifier"] = identifier.into();
    message["kind"] = kind.into();
    message["sent"] = "2026-11-24T09:00:00+08:00".into();
    message["references"] = json!([{
        "sender": earlier["sender"], "identifier": earlier["identifier"], "sent": earlier["sent"]
    }]);
    message
}
