/// What the simulated provider does with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Behaviour {
    /// Accepted, then delivered.
    Ok,
    /// Refused: the recipient.
    Refuse,
    /// Refused: the content.
    Content,
    /// The first tries throttled, for this recipient.
    Throttle,
    /// The first attempts fail.
    Transient,
    /// Taken, never answered.
    Vanish,
    /// Accepted, never a receipt.
    Silent,
    /// Accepted, the receipt late.
    Late,
    /// Accepted, the receipt twice.
    Twice,
    /// The receipt before the answer.
    Early,
    /// Accepted, then not delivered.
    Undelivered,
    /// Accepted, delivered, confirmed.
    Confirm,
    /// The account may not send.
    Misconfigured,
    /// Answered slowly.
    Slow,
    /// The first tries throttled, for the whole account.
    Busy,
}

impl Behaviour {
    /// Every behaviour with its name; its place is the last two digits of the telephone numbers that have it.
    pub const ALL: [(Self, &'static str); 15] = [
        (Self::Ok, "ok"),
        (Self::Refuse, "refuse"),
        (Self::Content, "content"),
        (Self::Throttle, "throttle"),
        (Self::Transient, "transient"),
        (Self::Vanish, "vanish"),
        (Self::Silent, "silent"),
        (Self::Late, "late"),
        (Self::Twice, "twice"),
        (Self::Early, "early"),
        (Self::Undelivered, "undelivered"),
        (Self::Confirm, "confirm"),
        (Self::Misconfigured, "misconfigured"),
        (Self::Slow, "slow"),
        (Self::Busy, "busy"),
    ];

    /// What an address asks for.
    #[must_use]
    pub fn of(address: &str) -> Self {
        match address.as_bytes().first() {
            Some(b'0'..=b'9' | b'+') => Self::of_number(address),
            Some(b'a'..=b'z') => Self::of_name(address.strip_prefix("sim+").unwrap_or(address)),
            _ => Self::Ok,
        }
    }

    /// `199 NNNN 90xx`, with or without the country code.
    fn of_number(address: &str) -> Self {
        let national = ["+86", "0086", "86"].iter().find_map(|code| address.strip_prefix(code)).unwrap_or(address);
        let Some((middle, last)) =
            national.strip_prefix("199").filter(|rest| rest.len() == 8).and_then(|rest| rest.split_at_checked(4))
        else {
            return Self::Ok;
        };
        let place = last.strip_prefix("90").and_then(|place| place.parse::<usize>().ok());
        match place {
            Some(place) if middle.bytes().all(|byte| byte.is_ascii_digit()) => {
                Self::ALL.get(place).map_or(Self::Ok, |(behaviour, _)| *behaviour)
            }
            _ => Self::Ok,
        }
    }

    fn of_name(address: &str) -> Self {
        let letters = address.bytes().take_while(u8::is_ascii_lowercase).count();
        let name = &address[..letters];
        Self::ALL.iter().find(|(_, known)| *known == name).map_or(Self::Ok, |(behaviour, _)| *behaviour)
    }
}
