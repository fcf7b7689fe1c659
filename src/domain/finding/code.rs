//! Every code that reading and checking a message can give, once. Each has a sentence and an `.action` in
//! `messages/*/rules.ftl`.

/// Declares the codes as constants and as a list.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)+) => {
        $($(#[$doc])* pub const $name: &str = $code;)+

        /// Every code of this module.
        pub const CODES: &[&str] = &[$($code),+];
    };
}

codes! {
    /// More bytes than any message needs.
    DOCUMENT_TOO_LARGE = "document-too-large";

    /// The encoding the XML declaration names is not known.
    ENCODING_UNKNOWN = "encoding-unknown";
    /// The byte order mark or the bytes themselves contradict the XML declaration.
    ENCODING_CONFLICT = "encoding-conflict";
    /// Bytes that are no text in the encoding of the document.
    ENCODING_BYTES = "encoding-bytes";

    /// The bytes are not XML at all.
    XML_NONE = "xml-none";
    /// Markup that is not well-formed.
    XML_SYNTAX = "xml-syntax";
    /// An end tag that closes another element than the open one.
    XML_TAG_MISMATCH = "xml-tag-mismatch";
    /// The document ends inside an element.
    XML_UNFINISHED = "xml-unfinished";
    /// Something stands after the end of the document element.
    XML_AFTER_END = "xml-after-end";
    /// A character that XML 1.0 forbids.
    XML_CHARACTER = "xml-character";
    /// A reference to an entity other than the five predefined.
    XML_ENTITY = "xml-entity";
    /// A document type declaration.
    XML_DOCTYPE = "xml-doctype";
    /// A namespace prefix that was not declared.
    XML_PREFIX = "xml-prefix";
    /// An attribute given twice.
    XML_ATTRIBUTE_REPEATED = "xml-attribute-repeated";
    /// Elements nested too deep.
    XML_TOO_DEEP = "xml-too-deep";
    /// Too many attributes on one element.
    XML_TOO_MANY_ATTRIBUTES = "xml-too-many-attributes";
    /// Too many elements.
    XML_TOO_MANY_ELEMENTS = "xml-too-many-elements";

    /// The document element is no alert.
    CAP_WRONG_ROOT = "cap-wrong-root";
    /// An alert without a namespace.
    CAP_NO_NAMESPACE = "cap-no-namespace";
    /// An alert in a namespace that is no CAP.
    CAP_NAMESPACE_UNKNOWN = "cap-namespace-unknown";
    /// An alert of CAP 1.0 or 1.1.
    CAP_VERSION_UNSUPPORTED = "cap-version-unsupported";
    /// An alert inside an envelope, a feed or a batch.
    CAP_WRAPPED = "cap-wrapped";
    /// A required element is missing.
    CAP_ELEMENT_MISSING = "cap-element-missing";
    /// An element CAP does not have at this place.
    CAP_ELEMENT_UNKNOWN = "cap-element-unknown";
    /// An element of another namespace.
    CAP_ELEMENT_FOREIGN = "cap-element-foreign";
    /// An element after one that must follow it.
    CAP_ELEMENT_ORDER = "cap-element-order";
    /// An element given twice that may stand once.
    CAP_ELEMENT_REPEATED = "cap-element-repeated";
    /// Text between elements.
    CAP_TEXT_STRAY = "cap-text-stray";
    /// An attribute; CAP has none.
    CAP_ATTRIBUTE_UNEXPECTED = "cap-attribute-unexpected";

    /// A national form without something it must have.
    NATIONAL_ELEMENT_MISSING = "national-element-missing";
    /// An element the national form does not have at this place.
    NATIONAL_ELEMENT_UNKNOWN = "national-element-unknown";
    /// A document that is no national form.
    NATIONAL_WRONG_ROOT = "national-wrong-root";
    /// A time that is not written as the national form writes it.
    NATIONAL_TIME_FORM = "national-time-form";
    /// An exercise, a draft or a system message: these have nothing to do on the national platform.
    NATIONAL_STATUS = "national-status";
    /// A sender without the 14 digits of a unit.
    NATIONAL_SENDER_CODE = "national-sender-code";
    /// An identifier that is not unit and time.
    NATIONAL_IDENTIFIER_FORM = "national-identifier-form";
    /// An identifier that belongs to another unit than the sender.
    NATIONAL_IDENTIFIER_SENDER = "national-identifier-sender";
    /// A reference that is no identifier of the national form and cannot be made one.
    NATIONAL_REFERENCE_FORM = "national-reference-form";
    /// An event type that is no code.
    NATIONAL_EVENT_TYPE = "national-event-type";
    /// A geocode that is no list of area codes.
    NATIONAL_GEOCODE_FORM = "national-geocode-form";
    /// Something that the national form must have is not in the message.
    NATIONAL_FIELD_MISSING = "national-field-missing";
    /// Something the national form has no words for.
    NATIONAL_CANNOT_SAY = "national-cannot-say";
    /// Something that the national form leaves out.
    NATIONAL_UNSAID = "national-unsaid";

    /// A zip that cannot be read to its end.
    NATIONAL_ZIP_BROKEN = "national-zip-broken";
    /// A zip with an entry that needs a password.
    NATIONAL_ZIP_ENCRYPTED = "national-zip-encrypted";
    /// A zip with an entry that is packed in another way than by deflate.
    NATIONAL_ZIP_METHOD = "national-zip-method";
    /// A zip with more entries than a form has attachments.
    NATIONAL_ZIP_ENTRIES = "national-zip-entries";
    /// A zip that unpacks to more than it may.
    NATIONAL_ZIP_UNPACKS = "national-zip-unpacks";
    /// A zip without exactly one form.
    NATIONAL_ZIP_FORM = "national-zip-form";
    /// A file in a zip that is not called what the platform's rules call it.
    NATIONAL_ZIP_NAME = "national-zip-name";
    /// A file that is twice in a zip.
    NATIONAL_ZIP_TWICE = "national-zip-twice";
    /// A file the form names is not in the zip.
    NATIONAL_ATTACHMENT_MISSING = "national-attachment-missing";
    /// A file is not the one whose digest the form gives.
    NATIONAL_ATTACHMENT_DIFFERS = "national-attachment-differs";
    /// A form in a file that is not called what its contents say.
    NATIONAL_FILE_NAME = "national-file-name";

    /// The bytes are not JSON.
    JSON_SYNTAX = "json-syntax";
    /// More values than any message needs.
    JSON_TOO_MANY_VALUES = "json-too-many-values";
    /// A value of another type.
    JSON_TYPE = "json-type";
    /// A required field is missing.
    JSON_FIELD_MISSING = "json-field-missing";
    /// A field the form does not have.
    JSON_FIELD_UNKNOWN = "json-field-unknown";
    /// A field given twice.
    JSON_FIELD_REPEATED = "json-field-repeated";
    /// `level` and `severity` contradict each other.
    LEVEL_CONFLICT = "level-conflict";
    /// `hazard` has not the form of a national event code.
    HAZARD_FORM = "hazard-form";
    /// `hazard` and the event codes contradict each other.
    HAZARD_CONFLICT = "hazard-conflict";

    /// A value that is not in the list of allowed values.
    VALUE_UNKNOWN = "value-unknown";
    /// A time that is not written as CAP writes it.
    TIME_FORM = "time-form";
    /// A day, hour or offset that does not exist.
    TIME_NO_SUCH = "time-no-such";
    /// A time with the offset `+00:00`.
    TIME_ZERO_OFFSET = "time-zero-offset";
    /// A number that cannot be read or is out of range.
    NUMBER_FORM = "number-form";
    /// A reference that is no triplet.
    REFERENCE_FORM = "reference-form";
    /// A quotation mark that is not closed, in a list.
    LIST_QUOTE = "list-quote";
    /// A polygon that is no list of pairs.
    POLYGON_FORM = "polygon-form";
    /// A circle that is no pair and radius.
    CIRCLE_FORM = "circle-form";

    /// An empty identifier.
    IDENTIFIER_EMPTY = "identifier-empty";
    /// White space, comma, `<` or `&` in the identifier.
    IDENTIFIER_CHARACTERS = "identifier-characters";
    /// An empty sender.
    SENDER_EMPTY = "sender-empty";
    /// White space, comma, `<` or `&` in the sender.
    SENDER_CHARACTERS = "sender-characters";
    /// An Update, Cancel, Ack or Error without references.
    REFERENCES_REQUIRED = "references-required";
    /// A message that references itself.
    REFERENCE_SELF = "reference-self";
    /// A reference to a message that is not here.
    REFERENCE_UNKNOWN = "reference-unknown";
    /// A newer message of the event is here that this one does not know of.
    EVENT_NEWER_STANDS = "event-newer-stands";
    /// The event was lifted.
    EVENT_LIFTED = "event-lifted";
    /// The event was lifted after this was sent.
    EVENT_LIFTED_SINCE = "event-lifted-since";
    /// References to several events.
    EVENT_SEVERAL = "event-several";
    /// A reference to a message that is newer than this one.
    REFERENCE_LATER = "reference-later";
    /// A restriction outside of scope Restricted.
    RESTRICTION_SCOPE = "restriction-scope";
    /// Scope Restricted without restriction.
    RESTRICTION_REQUIRED = "restriction-required";
    /// Scope Private without addresses.
    ADDRESSES_REQUIRED = "addresses-required";
    /// An empty item of a list, or one with a quotation mark.
    LIST_ITEM_FORM = "list-item-form";
    /// An Alert or Update that says nothing.
    INFO_REQUIRED = "info-required";
    /// An info without a category.
    CATEGORY_REQUIRED = "category-required";
    /// An empty event.
    EVENT_EMPTY = "event-empty";
    /// A language tag that is none.
    LANGUAGE_FORM = "language-form";
    /// A web address that is no absolute http or https address.
    WEB_FORM = "web-form";
    /// An Alert without expires.
    EXPIRES_MISSING = "expires-missing";
    /// Expires at or before sent.
    EXPIRES_NOT_AFTER_SENT = "expires-not-after-sent";
    /// Expires at or before effective.
    EXPIRES_NOT_AFTER_EFFECTIVE = "expires-not-after-effective";
    /// A headline longer than screens and feeds show.
    HEADLINE_LONG = "headline-long";
    /// A text that is there but blank.
    TEXT_BLANK = "text-blank";
    /// A character that XML cannot carry.
    TEXT_CHARACTER = "text-character";
    /// Markup or entities in a text.
    TEXT_MARKUP = "text-markup";
    /// The same text in two languages.
    TEXT_SAME_IN_TWO_LANGUAGES = "text-same-in-two-languages";
    /// A value or resource without a name.
    NAME_EMPTY = "name-empty";
    /// A resource that cannot be had: neither absolute uri nor content.
    RESOURCE_NOWHERE = "resource-nowhere";
    /// Content that is not base64.
    RESOURCE_CONTENT_FORM = "resource-content-form";
    /// A media type that is none.
    MIME_TYPE_FORM = "mime-type-form";
    /// An info that names no place.
    AREA_MISSING = "area-missing";
    /// An area without a name.
    AREA_DESCRIPTION_EMPTY = "area-description-empty";
    /// A polygon of fewer than four pairs.
    POLYGON_POINTS = "polygon-points";
    /// A polygon of more pairs than the gateway compares.
    POLYGON_TOO_MANY_POINTS = "polygon-too-many-points";
    /// A polygon whose last pair is not its first.
    POLYGON_OPEN = "polygon-open";
    /// A polygon without an inside.
    POLYGON_FLAT = "polygon-flat";
    /// A polygon whose edges cross.
    POLYGON_CROSSING = "polygon-crossing";
    /// Polygons too entangled to compare all their edges.
    POLYGON_TOO_COMPLEX = "polygon-too-complex";
    /// A latitude or longitude that does not exist.
    COORDINATE_RANGE = "coordinate-range";
    /// Longitude before latitude.
    COORDINATE_SWAPPED = "coordinate-swapped";
    /// A radius that is negative or larger than the Earth.
    CIRCLE_RADIUS = "circle-radius";
    /// A ceiling without altitude.
    CEILING_WITHOUT_ALTITUDE = "ceiling-without-altitude";
    /// A ceiling below the altitude.
    CEILING_BELOW_ALTITUDE = "ceiling-below-altitude";
    /// Sent more than a day in the future.
    SENT_IN_FUTURE = "sent-in-future";
    /// Over already.
    ALREADY_EXPIRED = "already-expired";
    /// An audience many times the issuer's usual one.
    AUDIENCE_UNUSUAL = "audience-unusual";
    /// An audience of nobody on every channel.
    AUDIENCE_EMPTY = "audience-empty";
    /// An audience of everybody there is, which is not usual.
    AUDIENCE_EVERYONE = "audience-everyone";
    /// More people than the issuer may tell without the emergency office.
    AUDIENCE_ABOVE_CEILING = "audience-above-ceiling";
    /// No area code, no polygon and no circle says who is meant.
    AREA_ONLY_NAMED = "area-only-named";
    /// Another issuer's warning of the same hazard in the same place says another level.
    CONFLICT_OTHER_LEVEL = "conflict-other-level";
    /// The issuer's own warning of the same hazard in the same place stands, and this one does not update it.
    CONFLICT_NOT_UPDATED = "conflict-not-updated";
    /// Another issuer's warning of the same hazard in the same place says the same.
    CONFLICT_DOUBLED = "conflict-doubled";
    /// Deliveries that will not have left at the deadline.
    DEADLINE_MISSED = "deadline-missed";
    /// No level, which the law demands of a warning.
    ITEM_LEVEL_MISSING = "item-level-missing";
    /// No time from which it holds, which the law demands.
    ITEM_START_MISSING = "item-start-missing";
    /// No area that may be affected, which the law demands.
    ITEM_AREA_MISSING = "item-area-missing";
    /// Nothing about the danger, which the law demands.
    ITEM_CAUTIONS_MISSING = "item-cautions-missing";
    /// Nothing about what to do, which the law demands.
    ITEM_MEASURES_MISSING = "item-measures-missing";
    /// No name of the issuing unit, which the law demands.
    ITEM_ISSUER_MISSING = "item-issuer-missing";
    /// A day named by how far away it is, without its date.
    TEXT_TIME_AMBIGUOUS = "text-time-ambiguous";
    /// 【 or 】 inside of a text.
    TEXT_BRACKETS = "text-brackets";
    /// A text that names another level than that of the message.
    TEXT_LEVEL_DIFFERS = "text-level-differs";
    /// A last segment of a short message for a few characters.
    SMS_SEGMENT_NEARLY_EMPTY = "sms-segment-nearly-empty";
    /// No route of a channel can carry the text, whole or short.
    CHANNEL_CANNOT_CARRY = "channel-cannot-carry";
    /// One route of a channel cannot carry the text; another can.
    ROUTE_CANNOT_CARRY = "route-cannot-carry";
    /// No route of a channel can carry what would end it.
    ENDING_CANNOT_BE_CARRIED = "ending-cannot-be-carried";
    /// Some routes of a channel cannot carry what would end it; another can.
    ENDING_ROUTE_CANNOT_CARRY = "ending-route-cannot-carry";
    /// On some screens only the headline can be read from where people stand.
    SCREENS_HEADLINE_ONLY = "screens-headline-only";
    /// On some screens not even the headline can be read from where people stand.
    SCREENS_TOO_SMALL = "screens-too-small";
    /// Of some screens nobody said how large they are and from how far they are read.
    SCREENS_SIZE_UNKNOWN = "screens-size-unknown";
    /// A text too long to be read on a screen in passing.
    SCREEN_READING_LONG = "screen-reading-long";
    /// A polygon or circle cannot choose those whose position is not known.
    SHAPE_UNPLACED = "shape-unplaced";
    /// Area codes choose people whom the polygon or circle beside them leaves out.
    SHAPE_WIDENED = "shape-widened";
    /// A polygon or circle covers people outside the issuer's areas.
    SHAPE_BEYOND = "shape-beyond";
}
