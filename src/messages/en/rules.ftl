# What is found when a warning is read and checked: one sentence says what is wrong, .action says what to do.

document-too-large = The document has more than {$most} bytes.
    .action = Give attachments as a uri, or leave them out.

encoding-unknown = The XML declaration names the encoding {$got}, which is not known.
    .action = Declare and use UTF-8 or GB18030.

encoding-conflict = The XML declaration says {$got}, but the bytes are {$seen}.
    .action = Make the declaration match the bytes, best with UTF-8.

encoding-bytes = Some bytes are no text in {$encoding}.
    .action =
        { $likely ->
             [GB18030] They read as GB18030: convert to UTF-8, or declare encoding="GB18030".
            *[none] Save the document again in the encoding it declares.
        }

xml-none = The bytes are not XML.
    .action = Send a CAP 1.2 document with the root <alert>, or use application/json.

xml-syntax = The markup here is not well-formed XML.
    .action = Check angle brackets, quotation marks and &; in texts write < as &lt; and & as &amp;.

xml-tag-mismatch = The end tag {$got} does not close the open element {$element}.
    .action = Close {$element} first.

xml-unfinished = The document ends before the element {$element} is closed.
    .action = It may have been cut off on the way: send it again, whole.

xml-after-end = Something follows the end of the root element.
    .action = Send one document at a time; remove what follows the root element.

xml-character = There is a character XML does not allow: {$character}.
    .action = Remove it.

xml-entity = The entity {$got} is not defined.
    .action = Use only &lt; &gt; &amp; &quot; &apos; and numeric references; write every other character itself.

xml-doctype = The document has a DOCTYPE declaration, which is refused for safety.
    .action = Remove it; CAP needs none.

xml-prefix = The namespace prefix {$got} is not declared.
    .action = Declare xmlns:{$got} on the root element.

xml-attribute-repeated = The attribute {$got} stands twice on one element.
    .action = Keep one of them.

xml-too-deep = Elements are nested more than {$most} deep.
    .action = Keep to the structure of CAP 1.2.

xml-too-many-attributes = One element has more than {$most} attributes.
    .action = Remove them; CAP elements have none.

xml-too-many-elements = The document has more than {$most} elements.
    .action = Split the warning, or use codes of wider areas.

cap-wrong-root = The root element is {$got}, not alert.
    .action = Send a CAP 1.2 document with the root <alert>.

cap-no-namespace = The root element alert has no namespace.
    .action = Write xmlns="urn:oasis:names:tc:emergency:cap:1.2" on it.

cap-namespace-unknown = The namespace {$got} is not that of CAP 1.2.
    .action = Use urn:oasis:names:tc:emergency:cap:1.2.

cap-version-unsupported = This is a CAP {$version} document; only CAP 1.2 is taken.
    .action = Have the sender write CAP 1.2.

cap-wrapped =
    This is { $form ->
         [EDXL-DE] an EDXL-DE envelope
         [Atom] an Atom feed
         [RSS] an RSS feed
        *[alerts] a batch of alerts
    }; the alert is inside.
    .action = Take out the alert element and send each alert by itself.

cap-element-missing = The required element {$element} is missing.
    .action = Add {$element} where CAP 1.2 has it.

cap-element-unknown = CAP 1.2 has no element {$got} here.
    .action =
        { $near ->
             [yes] Perhaps {$suggestion} was meant: correct the name, or remove it.
            *[no] Remove it; additional facts go into a parameter.
        }

cap-element-foreign = The element {$got} belongs to another namespace ({$namespace}) and may not stand here.
    .action = Remove it; additional facts go into a parameter.

cap-element-order = The element {$element} stands in the wrong place.
    .action = Move {$element} before {$before}; CAP 1.2 fixes the order.

cap-element-repeated = The element {$element} stands more than once; only one is allowed.
    .action = Keep one {$element}.

cap-text-stray = There is text between elements: “{$got}”.
    .action = Remove it, or put it into the element it belongs to.

cap-attribute-unexpected = The element has the attribute {$got}; elements of a warning have none.
    .action = Remove the attribute.

national-element-missing = The required element {$element} is missing or empty.
    .action = Add {$element} as the rules of the national platform ask.

national-element-unknown = The 12379 form has no element {$got} here.
    .action =
        { $near ->
             [yes] Perhaps {$suggestion} was meant. Correct the name, or remove it.
            *[no] Remove it, or send CAP 1.2.
        }

national-wrong-root = This is no document in the 12379 form (its root is {$got}).
    .action = Send a document with the root <alert> that has senderCode and sendTime.

national-time-form = The time “{$got}” is not written as the form writes it.
    .action = Write 2026-07-15 14:40:00+08:00: one blank between date and time, with seconds and offset.

national-status = {$got} may not reach the national platform: the 12379 form has Actual and Test only.
    .action = Exercises stay here; send them as CAP 1.2 or JSON. To try the platform itself, use Test.

national-sender-code = The code of the issuing unit should be 14 digits.
    .action = Write the code the national platform assigned (senderCode); where the sender is another name, give the parameter CN-12379.senderCode.

national-identifier-form = The identifier “{$got}” is not written as the form writes it.
    .action = Write the unit's 14 digits, “_” and the 14 digits of the time of entry, as in 23010041600000_20211107160846; “_” and one digit may follow.

national-identifier-sender = The identifier belongs to the unit {$got}, which is not the senderCode.
    .action = Begin the identifier with the senderCode.

national-reference-form = The reference “{$got}” is not one identifier of the 12379 form.
    .action = Write the identifier of the first warning of the event, one only, such as 23010041600000_20211107160846.

national-event-type = The event type “{$got}” is no code.
    .action = Write the five characters, such as 11B03; in JSON and CAP they are the event code named CN-12379.

national-geocode-form = “{$got}” is no area code.
    .action = Write the 12 digits, such as 230109000000, with commas between several.

national-field-missing = The 12379 form must have {$element}, and this warning has none.
    .action = Issue it again with one; the channel plan is the parameter CN-12379.method, or methods=SMS,WEB in the address.

national-cannot-say = The 12379 form has no words for what stands here ({$got}).
    .action = Pass this warning on as CAP 1.2; the form has public alerts, updates and cancels only, one language, no heights.

national-unsaid = The 12379 form has no place for this; it is not in the file.
    .action = A receiver who needs it should take CAP 1.2.

national-zip-broken = The archive is incomplete, or no zip.
    .action = Pack it again (zip, deflate) and send it unchanged.

national-zip-encrypted = {$got} in the archive needs a password.
    .action = Pack it again without a password; HTTPS protects it on its way.

national-zip-method = {$got} in the archive is packed in a way that is not supported.
    .action = Pack it again with deflate, the usual way, or without compression.

national-zip-entries = The archive holds more than {$most} files.
    .action = Put in one warning and its attachments, nothing else.

national-zip-unpacks = The archive unpacks to more than {$most} bytes, or out of proportion to its size.
    .action = Make the scans smaller (300 KB a page is usually enough), or attach fewer.

national-zip-form = The archive should hold exactly one XML document; it holds {$got}.
    .action = Put one warning into one archive, at its root and in no folder.

national-zip-name = {$got} in the archive is not named by the rule for attachments.
    .action = Name a scan of the approval “name of the warning’s file_P_01.jpg” and any other file “…_O_01.pdf”, all at the root.

national-zip-twice = The archive holds files of the same name ({$got}).
    .action = Keep one, or give them different numbers; names that differ in case only count as the same.

national-attachment-missing = The attachment {$got} that the warning lists is not in the archive.
    .action = Put it in, or remove this resource from the warning.

national-attachment-differs = The attachment {$got} does not have the digest (SHA-1) that the warning gives for it.
    .action = It may be damaged or another file: check it, make the digest anew and pack again.

national-file-name = The warning’s file is called {$got}; by its contents it should be {$expected}.
    .action = Check that it is the right file; where the contents are right it is taken as it is.

json-syntax = The text here is not JSON.
    .action = Check quotation marks, commas and brackets; the document may have been cut off.

json-too-many-values = The JSON has more than {$most} values, or is nested more than {$depth} deep.
    .action = Use fewer points, or split the warning.

json-type = The value here is of type {$got}; {$expected} is expected.
    .action = Correct the type as the API reference says.

json-field-missing = The required field {$field} is missing.
    .action = Add {$field}.

json-field-unknown = There is no field called {$got}.
    .action =
        { $near ->
             [yes] Perhaps {$suggestion} was meant: correct the name, or remove it.
            *[no] Remove it; additional facts go into parameters.
        }

json-field-repeated = The field {$field} is given more than once.
    .action = Keep one of them.

level-conflict = level says {$got}, but severity says {$severity}.
    .action = Give one of them, or make them agree.

hazard-form = The hazard {$got} is no national event code.
    .action = Write the five characters, such as 11B03; other codes go into event_codes.

hazard-conflict = hazard says {$got}, but the event code CN-12379 says {$other}.
    .action = Give one of them, or make them agree.

value-unknown = The value “{$got}” is not one of those allowed.
    .action =
        { $near ->
             [yes] Perhaps {$suggestion} was meant.
            *[no] Use an allowed value.
        } Allowed, without blanks around: {$allowed}.

time-form = The time “{$got}” is not written as CAP writes it.
    .action = Write 2026-07-15T14:40:00+08:00: a T, with seconds, no fraction, an offset and not Z.

time-no-such = There is no such time as “{$got}”.
    .action = Check month, day, hour and offset.

time-zero-offset = The time {$got} has the offset +00:00; it may be a local time whose offset was forgotten.
    .action = Check it; write +08:00 for Beijing time, -00:00 for UTC.

number-form = “{$got}” is no number that fits here.
    .action = Write a decimal number without exponent and unit.

reference-form = Reference {$number} is not of the form sender,identifier,sent.
    .action = Write the three parts with commas, several references with blanks between.

list-quote = A quotation mark in the list is not closed.
    .action = Put items with blanks between a pair of double quotation marks.

polygon-form = The polygon is not a list of coordinates.
    .action = Write latitude,longitude with one blank between pairs; in JSON [latitude, longitude].

circle-form = The circle cannot be read: {$got}.
    .action = Write latitude,longitude radius, the radius in kilometres.

identifier-empty = The identifier is empty.
    .action = Write one that is unique among the sender's messages.

identifier-characters = The identifier contains {$character}.
    .action = Use no white space, comma, < or & in it.

sender-empty = The sender is empty.
    .action = Write the unique name of the sending unit.

sender-characters = The sender contains {$character}.
    .action = Use no white space, comma, < or & in it; the full name goes into senderName.

references-required = The {$kind} references no earlier message.
    .action = List every unexpired message of the event in the references.

reference-self = The message references itself ({$got}).
    .action = Reference the earlier message, and give this one its own identifier.

reference-unknown = The referenced message “{$got}” is not here.
    .action = Check the reference; if the message has not been handed in yet, hand it in first.
    .more = An update is published all the same, as a new event; a lift goes to nobody, for nobody got from here what it lifts. When the referenced message comes later it is refused: it was out of date before it came.

event-newer-stands = A newer message of this event, “{$newer}” of {$at}, is here; this one was sent at {$got}, before it.
    .action = Write the time of sending it now has, reference “{$newer}”, and send it again.
    .more = Messages are ordered by the time of sending: an old one never takes the place of a newer one. Whoever references the newer one is not asked for the time. A lift is not refused for this; it ends everything but that one.

event-lifted = The referenced event was lifted by “{$got}” of {$at}.
    .action = An update is published as a new event; a second lift goes to nobody.

event-lifted-since = The referenced event was lifted by “{$newer}” of {$at}; this one was sent at {$got}, before it.
    .action = If there is still something to warn of, issue a new warning with the time it is sent.

event-several = The referenced messages belong to {$count} events that are not over.
    .action = Send one message for each event.

reference-later = A referenced message was sent at {$got}, later than this one.
    .action = Check the reference and the time of sending.

restriction-scope = The scope is {$scope}, but there is a restriction.
    .action = Remove the restriction, or make the scope Restricted.

restriction-required = The scope is Restricted, but no restriction says who may see it.
    .action = Write the restriction, or use Public for the public.

addresses-required = The scope is Private, but there are no addresses.
    .action = Name the recipients in the addresses.

list-item-form = An item of the list is empty or contains a quotation mark.
    .action = Remove empty items and quotation marks.

info-required = The {$kind} has no info: it says nothing.
    .action = Write at least one info.

category-required = There is no category.
    .action = Write at least one category, such as Met.

event-empty = The event is empty.
    .action = Name the event, such as rainstorm.

language-form = “{$got}” is no language tag.
    .action = Use a hyphen, as in zh-CN, not an underscore.

web-form = “{$got}” is no full web address.
    .action = Write the whole address with https:// or http://.

expires-missing = There is no time of expiry.
    .action = Write expires; every channel stops by itself then.

expires-not-after-sent = The expiry {$got} is not after the time of sending {$sent}.
    .action = Correct expires; to lift a warning send a Cancel.

expires-not-after-effective = The expiry {$got} is not after the time {$effective} it takes effect.
    .action = Correct expires or effective.

headline-long = The headline has {$length} characters, more than {$most}.
    .action = Shorten it; details go into the description.

text-blank = The text is blank.
    .action = Write something, or leave the field out.

text-character = Character {$position} of the text, {$character}, is a control character that cannot be carried.
    .action = Remove it.

text-markup = The text contains markup or entities; people will see them as they are.
    .action = Write plain text.

text-same-in-two-languages = The texts for {$language} and {$other} are the same; one may not have been translated.
    .action = Translate one, or remove the info that is too many.

name-empty = There is no name.
    .action = Write one, so that receivers know what it is.

resource-nowhere = The resource cannot be had: neither a full uri nor its content is there.
    .action = Give a full uri, or the content in derefUri (content in JSON).

resource-content-form = The content of the resource is not base64.
    .action = Encode it in standard base64.

mime-type-form = “{$got}” is no media type.
    .action = Write one such as image/png.

area-missing = The info names no place, so nobody can be found by area.
    .action = Give an area with a code, a polygon or a circle.

area-description-empty = The area has no name.
    .action = Write it in areaDesc (description in JSON).

polygon-points = The polygon has {$count} points; at least 4 are needed.
    .action = Give three different points or more, and repeat the first at the end.

polygon-too-many-points = The polygon has {$count} points, more than {$most}.
    .action = Simplify it, or use area codes.

polygon-open = The polygon is not closed: {$got}.
    .action = Repeat the first point at the end.

polygon-flat = All points of the polygon lie on one line: it has no inside.
    .action = Correct the coordinates; use a circle for a point.

polygon-crossing = Edge {$one} of the polygon crosses edge {$other}.
    .action = Put the points in the order of the outline, or split the polygon.

polygon-too-complex = The polygons are too entangled to compare all their edges.
    .action = Simplify them, or use area codes.

coordinate-range = The coordinates {$got} are out of range.
    .action = Latitude is between -90 and 90, longitude between -180 and 180.

coordinate-swapped = The coordinates {$got} have longitude before latitude.
    .action = Write the latitude first, as in 45.8,126.5.

circle-radius = The radius {$got} cannot be.
    .action = Give it in kilometres, from 0 to 20038.

ceiling-without-altitude = There is a ceiling but no altitude.
    .action = Add the altitude, or remove the ceiling.

ceiling-below-altitude = The ceiling {$got} is below the altitude {$altitude}.
    .action = Correct them; both are in feet.

sent-in-future = The time of sending {$got} is more than 24 hours ahead of our clock.
    .action = Set the sender's clock and check the offset.

already-expired = The warning expired at {$got}; it will be sent to nobody.
    .action = Check the expiry; if the warning still holds, send it again.

audience-unusual = It would reach {$count} recipients on one channel, {$times} times the usual {$usual}.
    .action = Check the areas: a lost or wrong one reaches too many.

audience-empty = It would reach nobody on any channel.
    .action = Check the areas, the status and the directory: nobody with an address there may be told this.

audience-everyone = It would reach all {$count} people of the directory, as none of this issuer's warnings has lately.
    .action = Check that everybody is meant; name streets or communities if not.

audience-above-ceiling = It would reach {$count} people, above this issuer's ceiling of {$most}: the emergency office signs it too.
    .action = Check the areas. If so many are meant, have the office sign.

area-only-named = No area code, polygon or circle says who is meant: the emergency office signs it too.
    .action = Give the area a code or a polygon; a name alone chooses nobody.

conflict-other-level = {$issuer} has a warning of level {$level} for the same hazard in the same place: “{$got}”.
    .action = Agree on one level first; two levels for one hazard are believed by nobody. Warning {$id}.

conflict-not-updated = Your own warning for the same hazard in the same place still stands: “{$got}”.
    .action = Send this one as an update that references it, or lift it first. Warning {$id}.

conflict-doubled = {$issuer} already warns of the same hazard in the same place: “{$got}”.
    .action = Check whether this one is needed; people would be told twice. Warning {$id}.

deadline-missed = At the present limits {$count} deliveries will not have left before the warning ends.
    .action = Take a later end, a smaller area or a shorter text, or let another route help.

# The eight items the law demands.

item-level-missing = There is no level.
    .title = No level
    .action = Write severity (in JSON, level does as well): red is extreme, orange severe, yellow moderate, blue minor.
    .more = The Emergency Response Law, article 64, demands eight items of a warning: category, level, start time, area possibly affected, cautions, measures to take, issuing unit, release time. This is the second. An actual warning to the public that lacks one is not taken; for exercises, tests and what is passed on it is advice.
    .who = The officer on duty at the issuer

item-start-missing = There is no start time.
    .title = No start time
    .action = Write onset (when it is expected to begin) or effective (from when on it holds).
    .more = The third of the eight items of the Emergency Response Law, article 64. CAP takes a message without effective to hold from when it was sent, but whoever reads the warning does not see that convention.
    .who = The officer on duty at the issuer

item-area-missing = There is no area that may be affected.
    .title = No area
    .action = Give an area with a 12-digit code, a polygon or a circle; nobody can be found by a name alone.
    .more = The fourth of the eight items of the Emergency Response Law, article 64.
    .who = The officer on duty at the issuer

item-cautions-missing = There are no cautions.
    .title = No cautions
    .action = Say in description what will happen and what is dangerous.
    .more = The fifth of the eight items of the Emergency Response Law, article 64.
    .who = The officer on duty at the issuer

item-measures-missing = There are no measures to take.
    .title = No measures
    .action = Say in instruction what people should do now.
    .more = The sixth of the eight items of the Emergency Response Law, article 64.
    .who = The officer on duty at the issuer

item-issuer-missing = There is no name of the issuing unit.
    .title = No issuing unit
    .action = Write the full name of the unit in sender_name (senderName of CAP); sender only names a system.
    .more = The seventh of the eight items of the Emergency Response Law, article 64.
    .who = The officer on duty at the issuer

# What to look at twice in the words; advice only.

text-time-ambiguous = “{$got}” has no date; whoever reads it a day later or after midnight reads it wrong.
    .action = Write the date, for example “tonight, 15 July”.
    .who = The officer on duty at the issuer

text-brackets = The text has 【 or 】; platforms for short messages take what stands in them for a signature and refuse it.
    .action = Use other brackets; signature and drill mark are put on by the system.
    .who = The officer on duty at the issuer

text-level-differs = The text says “{$got}”, but the level of this warning is {$level}.
    .action = Check level and words; both must say the same.
    .more = An update may name the level that was: the last level in its headline, and one in its description, should be the level that is.
    .who = The officer on duty at the issuer

sms-segment-nearly-empty = The short message takes {$segments} segments, and the last has {$over} characters only.
    .action = Leave out {$over} characters: then it takes {$fewer}, costs less and is sent sooner.
    .more = One segment has 70 characters; a longer text takes segments of 67, signature, marks and blanks included.
    .who = The officer on duty at the issuer

channel-cannot-carry = No route of the channel {$channel} can carry this text: {$causes}
    .action = Shorten headline and description, or let the administrator add a short form (sms.LANGUAGE.short.txt) or a route that can. Nothing is ever cut.
    .more = The adapter of every route is asked when a warning is handed in and when it is signed. Lifts and what is passed on for others are not kept out: what a channel cannot carry fails there.
    .who = The officer on duty at the issuer

route-cannot-carry = The route {$route} cannot carry this text: {$cause}
    .action = Other routes of the channel carry it; to use this one, shorten the text or let the administrator add a template.
    .who = The officer on duty at the issuer

ending-cannot-be-carried = No route of the channel {$channel} can carry the {$ending ->
        [correction] correction
       *[lift] lift
    } that is signed with it: {$causes}
    .action = Shorten the text of the lift or correction (lift_text, correction_text), or let the administrator add a short form or a template for lifts.
    .more = The lift and the correction signed with a warning go out unchanged when they are needed, so every route is asked beforehand. A red warning is not kept out for this.
    .who = The officer on duty at the issuer

ending-route-cannot-carry = Some routes of the channel {$channel} cannot carry the {$ending ->
        [correction] correction
       *[lift] lift
    } that is signed with it: {$causes}
    .action = Other routes of the channel carry it then; to use these, shorten the text or let the administrator add a template.
    .who = The officer on duty at the issuer

screens-headline-only = On {$count} screens only the headline can be read from where people stand: {$names}
    .action = Put what people must do into the headline, or be content with the headline there.
    .who = the issuer's staff

screens-too-small = On {$count} screens not even the headline can be read from where people stand: {$names}
    .action = Shorten the headline, or reach the people there in another way.
    .who = the issuer's staff

screens-size-unknown = Of {$count} screens nobody said how large they are and from how far they are read.
    .action = Enter their panel with PUT /v1/screens/ID.
    .who = the administrator

screen-reading-long = The text on screens takes {$seconds} seconds to read, more than {$most}.
    .action = Shorten it, so that passers-by can read it all; the bound is the setting texts.screen_reading_s.
    .more = Estimated at 5 Chinese characters or 15 letters a second.
    .who = The officer on duty at the issuer

shape-unplaced = In the areas that the polygons and circles touch, {$count} recipients have no position and are not chosen by them ({$inside} are).
    .action = Add area codes to reach them, or import their positions.

shape-widened = The area codes also choose {$count} recipients whose position is outside the polygons and circles ({$inside} are inside).
    .action = Both together are a union: leave the area codes out to reach only those inside.

shape-beyond = Inside the polygons and circles {$count} recipients are in none of the issuer's areas and will not get it ({$inside} will).
    .action = Check the shape; to reach them, let an issuer speak that may.
