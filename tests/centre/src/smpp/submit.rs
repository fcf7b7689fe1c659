//! Reading submit_sm, submit_multi and data_sm, and what is wrong with them.

use crate::{
    alphabet::Alphabet,
    dialect::{Fault, Part, Submit, split_header},
    wire::{Fields, Short, is_number, is_time},
};

use super::{codes::status, tlv::Tlvs};

/// An address with its type and plan.
pub(super) fn address<'a>(fields: &mut Fields<'a>, most: usize) -> Result<&'a str, Short> {
    fields.octets(2)?;
    fields.terminated(most)
}

pub(super) fn read_submit<'a>(mut fields: Fields<'a>, is_multi: bool) -> Result<Submit<'a>, Fault> {
    let short = |Short| Fault::Answer(status::INVPARLEN);
    fields.terminated(6).map_err(short)?;
    let from = address(&mut fields, 21).map_err(short)?;
    let to = if is_multi { destinations(&mut fields)? } else { vec![address(&mut fields, 21).map_err(short)?] };
    if to.iter().any(|number| !is_number(number)) {
        return Err(Fault::Answer(status::INVDSTADR));
    }
    let [esm_class, _protocol, priority] = fields.array().map_err(short)?;
    let schedule = fields.terminated(17).map_err(|Short| Fault::Answer(status::INVSCHED))?;
    let validity = fields.terminated(17).map_err(|Short| Fault::Answer(status::INVEXPIRY))?;
    time(schedule, status::INVSCHED)?;
    time(validity, status::INVEXPIRY)?;
    let [registered, _replace, coding, _default, length] = fields.array().map_err(short)?;
    let message = fields.octets(length.into()).map_err(|Short| Fault::Answer(status::INVMSGLEN))?;
    let tlvs = Tlvs::read(fields)?;
    let (octets, is_payload) = match tlvs.payload {
        Some(_) if !message.is_empty() => return Err(Fault::Answer(status::INVMSGLEN)),
        Some(payload) => (payload, true),
        None => (message, false),
    };
    compose(
        Submit { from, to, validity, priority, is_multi, ..plain(coding, registered)? },
        esm_class,
        octets,
        &tlvs,
        is_payload,
    )
}

pub(super) fn read_data(mut fields: Fields<'_>) -> Result<Submit<'_>, Fault> {
    let short = |Short| Fault::Answer(status::INVPARLEN);
    fields.terminated(6).map_err(short)?;
    let from = address(&mut fields, 65).map_err(short)?;
    let to = address(&mut fields, 65).map_err(short)?;
    if !is_number(to) {
        return Err(Fault::Answer(status::INVDSTADR));
    }
    let [esm_class, registered, coding] = fields.array().map_err(short)?;
    let tlvs = Tlvs::read(fields)?;
    let octets = tlvs.payload.unwrap_or_default();
    compose(Submit { from, to: vec![to], ..plain(coding, registered)? }, esm_class, octets, &tlvs, true)
}

/// What data_coding and registered_delivery say.
fn plain<'a>(coding: u8, registered: u8) -> Result<Submit<'a>, Fault> {
    let (alphabet, flash) = alphabet(coding).ok_or(Fault::Answer(status::INVDCS))?;
    Ok(Submit {
        from: "",
        to: Vec::new(),
        coding,
        alphabet,
        flash,
        part: None,
        octets: &[],
        wants_receipt: registered & 3 == 1,
        wants_failures: registered & 3 == 2,
        validity: "",
        priority: 0,
        is_multi: false,
    })
}

/// Takes the header off a text and looks whether it fits into a message on the air.
fn compose<'a>(
    mut submit: Submit<'a>,
    esm_class: u8,
    octets: &'a [u8],
    tlvs: &Tlvs<'a>,
    is_payload: bool,
) -> Result<Submit<'a>, Fault> {
    let mut most = submit.alphabet.most_octets();
    (submit.part, submit.octets) = (tlvs.part()?, octets);
    if esm_class & 0x40 != 0 {
        (submit.part, submit.octets) = split_header(octets).ok_or(Fault::Answer(status::INVESMCLASS))?;
        let header = octets.len() - submit.octets.len();
        // Septets begin on a septet's border behind the header.
        most -= if most == 160 { (header * 8).div_ceil(7) } else { header };
    } else if submit.part.is_some() {
        // The centre turns SAR into a header of six octets.
        most -= if most == 160 { 7 } else { 6 };
    }
    if !is_payload && submit.octets.len() > most {
        return Err(Fault::Answer(status::INVMSGLEN));
    }
    Ok(submit)
}

/// The numbers of submit_multi; distribution lists are unknown here.
fn destinations<'a>(fields: &mut Fields<'a>) -> Result<Vec<&'a str>, Fault> {
    let count = fields.u8().map_err(|Short| Fault::Answer(status::INVNUMDESTS))?;
    if !(1..=254).contains(&count) {
        return Err(Fault::Answer(status::INVNUMDESTS));
    }
    let mut numbers = Vec::with_capacity(count.into());
    for _ in 0..count {
        if fields.u8() != Ok(1) {
            return Err(Fault::Answer(status::INVDESTFLAG));
        }
        numbers.push(address(fields, 21).map_err(|Short| Fault::Answer(status::INVDSTADR))?);
    }
    Ok(numbers)
}

/// Refuses what is no time.
fn time(text: &str, fault: u32) -> Result<(), Fault> {
    if is_time(text) { Ok(()) } else { Err(Fault::Answer(fault)) }
}

/// The alphabet of a data_coding, and whether it means flash.
fn alphabet(coding: u8) -> Option<(Alphabet, bool)> {
    let alphabet = match coding {
        0x00 | 0x10 | 0xF0 => Alphabet::Gsm7,
        0x01 => Alphabet::Ascii,
        0x03 => Alphabet::Latin1,
        0x02 | 0x04 | 0x14 | 0xF4 => Alphabet::Binary,
        0x08 | 0x18 => Alphabet::Ucs2,
        _ => return None,
    };
    Some((alphabet, matches!(coding, 0x10 | 0x14 | 0x18 | 0xF0 | 0xF4)))
}

impl Tlvs<'_> {
    /// A segment's place by SAR.
    fn part(&self) -> Result<Option<Part>, Fault> {
        match (self.reference, self.total, self.number) {
            (Some(reference), Some(total), Some(number)) if (1..=total).contains(&number) => {
                Ok(Some(Part { reference, total, number }))
            }
            (None, None, None) => Ok(None),
            _ => Err(Fault::Answer(status::INVOPTPARAMVAL)),
        }
    }
}
