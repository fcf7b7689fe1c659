//! The dialogue with one sign: write a message into our row of its table, have it validated, show it, see that it shows.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use fenghuo_contract::{Cause, Class, Reference, Verdict};

use crate::{
    link::{Link, LinkFault},
    objects::{
        self, ACTIVATE_SYNTAX, Activation, Column, NO_ERROR, Slot, VALIDATE_SYNTAX,
        status::{MODIFY_REQUEST, MODIFYING, VALID, VALIDATE_REQUEST, VALIDATING},
    },
    settings::Signs,
    snmp::Value,
};

/// The pause between two looks at a row that is being changed or a face that turns.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Looks before we call it stuck; the budget of a submit is usually over sooner.
const LOOKS: usize = 100;
/// Nothing that shows may keep a lift from blanking our own message.
const HIGHEST: u8 = 255;
/// `dmsMessageTimeRemaining` without end.
const FOR_EVER: u16 = 65_535;

/// What a sign is to show.
pub(crate) struct Order<'a> {
    pub(crate) multi: &'a [u8],
    /// Names us and the event, so that a lift finds its own warning.
    pub(crate) owner: &'a str,
    pub(crate) priority: u8,
    pub(crate) minutes: u16,
}

/// Why a dialogue ended early.
pub(crate) enum Early {
    Link(LinkFault),
    Said(Verdict),
}

impl From<LinkFault> for Early {
    fn from(fault: LinkFault) -> Self {
        Self::Link(fault)
    }
}

/// A dialogue, and how far it came.
pub(crate) struct Sign<'a> {
    signs: &'a Signs,
    link: Link<'a>,
    /// Whether the order to show was written: without an answer its outcome is open.
    ordered: &'a AtomicBool,
}

impl<'a> Sign<'a> {
    pub(crate) fn new(signs: &'a Signs, link: Link<'a>, ordered: &'a AtomicBool) -> Self {
        Self { signs, link, ordered }
    }

    /// Shows a message.
    pub(crate) async fn show(&self, order: &Order<'_>) -> Result<Verdict, Early> {
        let slot = self.signs.slot;
        // Of our own message about the same event nothing keeps the next one, not even when the level falls.
        let priority = if self.shows_own(order.owner).await? {
            let running = self.link.number(Slot::FACE.column(Column::RunTimePriority)).await?;
            order.priority.max(running.and_then(|running| u8::try_from(running).ok()).unwrap_or_default())
        } else {
            order.priority
        };
        self.write(slot, order).await?;
        let crc = self.checked_crc(slot, order.multi).await?;
        let activation = Activation { minutes: order.minutes, priority, slot, crc, source: self.source() };
        self.activate(&activation).await?;
        let reference = format!("{}.{}.{crc:04X}", slot.memory, slot.number);
        Ok(Verdict::Accepted(Some(Reference::new(reference))))
    }

    /// Blanks the sign when it shows our message about this event; otherwise there is nothing to take away.
    pub(crate) async fn blank(&self, owner: &str) -> Result<Verdict, Early> {
        if self.shows_own(owner).await? {
            let (slot, source) = (Slot::BLANK, self.source());
            self.activate(&Activation { minutes: FOR_EVER, priority: HIGHEST, slot, crc: 0, source }).await?;
        }
        Ok(Verdict::Accepted(None))
    }

    /// Asks for what every sign has.
    pub(crate) async fn greet(&self) -> Result<(), LinkFault> {
        self.link.get(objects::sign_type()).await.map(drop)
    }

    fn source(&self) -> std::net::Ipv4Addr {
        self.signs.source_address.unwrap_or_else(|| self.link.own_address())
    }

    async fn shows_own(&self, owner: &str) -> Result<bool, Early> {
        let running = self.link.octets(Slot::FACE.column(Column::Owner)).await?;
        Ok(running == owner.as_bytes())
    }

    /// modifying → text → validating → valid.
    async fn write(&self, slot: Slot, order: &Order<'_>) -> Result<(), Early> {
        let status = slot.column(Column::Status);
        self.link.set(&[(status.clone(), Value::Integer(MODIFY_REQUEST))]).await?;
        if self.status_past(slot, &[VALID, VALIDATING]).await? != Some(MODIFYING) {
            return Err(transient("NOT-MODIFYING", "the sign does not let its message be changed"));
        }
        self.link
            .set(&[
                (slot.column(Column::MultiString), Value::Octets(order.multi.to_vec())),
                (slot.column(Column::Owner), Value::Octets(order.owner.as_bytes().to_vec())),
                (slot.column(Column::RunTimePriority), Value::Integer(order.priority.into())),
            ])
            .await?;
        self.link.set(&[(status, Value::Integer(VALIDATE_REQUEST))]).await?;
        match self.status_past(slot, &[MODIFYING, VALIDATING]).await? {
            Some(VALID) => Ok(()),
            _ => Err(Early::Said(self.invalid().await?)),
        }
    }

    /// The status of a row once it is none of these.
    async fn status_past(&self, slot: Slot, passing: &[i64]) -> Result<Option<i64>, Early> {
        for _ in 0..LOOKS {
            let status = self.link.number(slot.column(Column::Status)).await?;
            if !status.is_some_and(|status| passing.contains(&status)) {
                return Ok(status);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Err(transient("STUCK", "the sign does not come to an end with its message"))
    }

    /// Why a text is not valid.
    async fn invalid(&self) -> Result<Verdict, Early> {
        match self.link.number(objects::validate_error()).await? {
            Some(error) if error != NO_ERROR && error != VALIDATE_SYNTAX => Ok(self.said("validate", error)),
            _ => self.syntax().await,
        }
    }

    async fn syntax(&self) -> Result<Verdict, Early> {
        let error = self.link.number(objects::syntax_error()).await?;
        Ok(self.said("syntax", error.unwrap_or(1)))
    }

    fn said(&self, occasion: &str, error: i64) -> Verdict {
        classed(self.signs, &format!("{occasion} {error}"))
    }

    /// The CRC of the row, when it is that of our text: whoever else writes there is not shown in our name. Some signs say
    /// its bytes the other way round; they get it back as they say it.
    async fn checked_crc(&self, slot: Slot, multi: &[u8]) -> Result<u16, Early> {
        let byte = |number: Option<i64>| number.and_then(|number| u8::try_from(number).ok()).unwrap_or_default();
        let beacon = byte(self.link.number(slot.column(Column::Beacon)).await?);
        let service = byte(self.link.number(slot.column(Column::PixelService)).await?);
        let own = objects::crc(multi, beacon, service);
        let theirs = self.link.number(slot.column(Column::Crc)).await?.and_then(|crc| u16::try_from(crc).ok());
        theirs
            .filter(|crc| *crc == own || *crc == own.swap_bytes())
            .ok_or_else(|| transient("CRC", "the message of the sign is not the one that was written"))
    }

    /// Orders a message onto the face, and sees that it is there: an old error of the sign says nothing about this order.
    async fn activate(&self, activation: &Activation) -> Result<(), Early> {
        self.ordered.store(true, Ordering::Release);
        let order = (objects::activate(), Value::Octets(activation.bytes()));
        match self.link.set(&[order]).await {
            Ok(()) => {}
            Err(LinkFault::Status(status)) => {
                self.ordered.store(false, Ordering::Release);
                return Err(Early::Said(self.not_shown(Some(status)).await?));
            }
            Err(fault) => return Err(fault.into()),
        }
        for _ in 0..LOOKS {
            if activation.is_named_by(&self.link.octets(objects::table_source()).await?) {
                return Ok(());
            }
            if self.failed(activation).await? {
                self.ordered.store(false, Ordering::Release);
                return Err(Early::Said(self.not_shown(None).await?));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Err(Early::Said(Verdict::InDoubt(Cause::new("NOT-SEEN", "the sign took the order and does not show it yet"))))
    }

    /// Whether the sign's error speaks of this order, not of an older one.
    async fn failed(&self, activation: &Activation) -> Result<bool, Early> {
        let error = self.link.number(objects::activate_error()).await?;
        let about = self.link.octets(objects::activate_error_code()).await?;
        Ok(error.is_some_and(|error| error != NO_ERROR) && (about.is_empty() || about == activation.bytes()))
    }

    /// Why a message is not shown: the sign's own reason, else the error of its agent.
    async fn not_shown(&self, status: Option<i64>) -> Result<Verdict, Early> {
        match self.link.number(objects::activate_error()).await? {
            Some(ACTIVATE_SYNTAX) => self.syntax().await,
            Some(error) if error != NO_ERROR => Ok(self.said("activate", error)),
            _ => Ok(self.said("snmp", status.unwrap_or(5))),
        }
    }
}

/// The verdict on an error by the table of codes.
pub(crate) fn classed(signs: &Signs, code: &str) -> Verdict {
    let known = signs.codes.find(code);
    let cause = Cause::new(code, known.map_or("the sign does not take it", |meaning| &*meaning.en));
    known.map_or(Class::Transient, |meaning| meaning.class).verdict(cause, None)
}

fn transient(code: &str, text: &str) -> Early {
    Early::Said(Verdict::Transient(Cause::new(code, text)))
}
