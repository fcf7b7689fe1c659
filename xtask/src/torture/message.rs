//! What is posted in a round.

use std::time::Duration;

use super::chance::Chance;

/// A warning to post, and how long after the one before.
pub(super) struct Post {
    pub(super) after: Duration,
    pub(super) body: String,
}

const LEVELS: [&str; 4] = ["red", "orange", "yellow", "blue"];

/// One to three warnings of any level; the first of them is sometimes updated, sometimes lifted.
pub(super) fn posts(world: usize, round: usize, chance: &mut Chance) -> Vec<Post> {
    let mut posts = Vec::new();
    let after = |chance: &mut Chance| Duration::from_millis(chance.between(0, 300));
    for number in 0..chance.between(1, 3) {
        let level = LEVELS[chance.between(0, 3) as usize];
        let body = message(&format!("T{world}-{round}-{number}"), level, "alert", "");
        posts.push(Post { after: if number == 0 { Duration::ZERO } else { after(chance) }, body });
    }
    let first = format!("T{world}-{round}-0");
    let references =
        format!(r#","references":[{{"sender":"torture@songbei.example","identifier":"{first}","sent":"{SENT}"}}]"#);
    for (share, kind) in [(40, "update"), (40, "cancel")] {
        if chance.says(share) {
            let body = message(&format!("{first}-{kind}"), "orange", kind, &references);
            posts.push(Post { after: after(chance), body });
        }
    }
    posts
}

const SENT: &str = "2025-01-01T08:00:00+08:00";

fn message(identifier: &str, level: &str, kind: &str, references: &str) -> String {
    let sent = if references.is_empty() { SENT } else { "2025-01-01T09:00:00+08:00" };
    format!(
        r#"{{"identifier":"{identifier}","sender":"torture@songbei.example","sent":"{sent}","status":"exercise",
"kind":"{kind}","scope":"public"{references},"infos":[{{"language":"zh-CN","categories":["met"],"event":"暴雨",
"urgency":"immediate","level":"{level}","certainty":"observed","hazard":"11B03","expires":"2036-01-01T08:00:00+08:00",
"sender_name":"松北区防汛抗旱指挥部","headline":"松北区防汛抗旱指挥部发布暴雨预警",
"description":"预计未来 3 小时松北区降雨量将达 100 毫米以上。","instruction":"停止户外活动，低洼地带人员立即转移。",
"areas":[{{"description":"松北区","geocodes":[{{"name":"CN-STAT-CODE","value":"230109000000"}}]}}]}}]}}"#
    )
}

/// Recipients to import, one JSON object a line.
pub(super) fn recipients(count: u64) -> String {
    (0..count)
        .map(|number| {
            format!(
                "{{\"external_id\":\"r{number}\",\"areas\":[\"230109000000\"],\"drill\":true,\"endpoints\":{{\"email\":\"r{number}@torture.example\"}}}}\n"
            )
        })
        .collect()
}
