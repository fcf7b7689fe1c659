# Every problem code: the value is the title, .detail what happened this time, .action what to do now, .who who can do it.

not-found = There is nothing at this address
    .detail = This server has nothing at { $path }
    .action = Check the address; /docs/api lists them all
    .who = The developer of the calling system

method-not-allowed = This address does not take this method
    .detail = { $path } does not take { $method }
    .action = Use a method that the Allow header of this answer lists
    .who = The developer of the calling system

request-malformed = The request cannot be understood
    .detail = The request breaks the rules of HTTP, or its address has a broken parameter
    .action = Compare address, parameters and headers with /docs/api
    .who = The developer of the calling system

parameter-wrong = A parameter in the address is wrong
    .detail = { $count ->
        [one] One parameter in the address is wrong
       *[other] { $count } parameters in the address are wrong
    }
    .action = Correct what errors lists and send it again
    .who = The developer of the calling system

header-wrong = A request header is wrong
    .detail = { $count ->
        [one] One request header is wrong
       *[other] { $count } request headers are wrong
    }
    .action = Correct what errors lists and send it again
    .who = The developer of the calling system

body-not-json = The body is not JSON
    .detail = From line { $line }, column { $column } on, the body is not JSON
    .action = Check the body with a JSON tool and send it again
    .who = The developer of the calling system

body-broken-off = The body did not arrive completely
    .detail = The connection ended before the body did, or the body's chunks are broken
    .action = Send the same again; with an Idempotency-Key nothing is done twice
    .who = The calling system, by repeating

fields-wrong = Fields of the body are wrong
    .detail = { $count ->
        [one] One field of the body is wrong
       *[other] { $count } fields of the body are wrong
    }
    .action = Correct what errors lists and send it again
    .who = The developer of the calling system

warning-unreadable = This warning cannot be read
    .detail = { $count ->
        [one] The body is not a warning that can be read; one fault was found and nothing was stored
       *[other] The body is not a warning that can be read; { $count } faults were found and nothing was stored
    }
    .action = Correct what errors lists and send it again
    .who = The developer of the issuing system

warning-rejected = This warning breaks rules
    .detail = { $count ->
        [one] One fault was found and nothing was stored
       *[other] { $count } faults were found and nothing was stored
    }
    .action = Correct what errors lists and send it again
    .who = The officer on duty at the issuer, or the developer of its system

key-missing = No key was given
    .detail = The request carries no key
    .action = Send the header Authorization: Bearer fh_…; the security administrator hands out keys
    .who = The security administrator hands out keys

key-unknown = The key is wrong
    .detail = There is no such key
    .action = Check that the key was copied whole; a lost key cannot be recovered, the security administrator makes a new one
    .who = The security administrator makes a new one

key-revoked = The key was revoked
    .detail = This key was revoked
    .action = Use a new key; the security administrator hands out keys
    .who = The security administrator hands out a new key

role-not-allowed = The role of this key may not do this
    .detail = The role { $role } may not do this
    .action = Use a key of one of these roles: { $allowed }
    .who = The security administrator hands out keys of the right role

cross-site-request = The request came from another site
    .detail = The browser says that another site started this request, so it was not carried out
    .action = Do it on the console's own page; programs use the Authorization header
    .who = You

authority-exceeded = This is beyond the issuer's authority
    .detail = { $count ->
        [one] One part of this warning is beyond the issuer's authority; nothing was stored
       *[other] { $count } parts of this warning are beyond the issuer's authority; nothing was stored
    }
    .action = Correct what errors lists, or let a headquarters issue it that may
    .who = A headquarters with the authority; the system administrator sets it in the configuration

warning-not-found = There is no such warning
    .detail = There is no warning with the id { $id }
    .action = Compare the id with what GET /v1/warnings lists
    .who = The caller

officer-not-listed = Nobody of this id is on the list
    .detail = The calls of this warning name no officer with the id { $id }, or nobody stands in for him, or nobody is called about it
    .action = Compare the id with what GET /v1/warnings/ID/calls lists
    .who = The operator on duty

suppression-not-found = This address is not suppressed
    .detail = There is no suppression { $id }: it may have been cleared, or its time is over
    .action = GET /v1/suppressions lists what is suppressed now
    .who = The operator on duty

office-not-found = There is no such office
    .detail = No issuer has the id { $id }, and the district's emergency office is called office
    .action = Use the id of an issuer of the configuration, or office
    .who = The operator on duty

recipient-not-found = There is no such recipient
    .detail = There is no recipient with the id { $id }
    .action = Compare the id with what GET /v1/recipients lists
    .who = The operator on duty

screen-not-found = There is no such screen
    .detail = There is no screen with the id { $id }
    .action = Compare the id with what GET /v1/screens lists; register a new screen first
    .who = The operator on duty

route-not-found = There is no such route
    .detail = There is no route called { $id }
    .action = Compare the name with what GET /v1/routes lists; routes stand in the configuration
    .who = The system administrator

key-not-found = There is no key with this id
    .detail = There is no key with the id { $id }
    .action = Compare the id with what GET /v1/keys lists
    .who = The security administrator

callback-unknown = No provider reports at this address
    .detail = There is no route of this name that takes calls, or the secret is not its own; nothing was taken
    .action = Compare the address given to the provider with the route's name and its callback_secret_file
    .who = The system administrator, with the provider

confirm-link-unknown = This link is not valid
    .detail = No message carries this link
    .action = Open the link from the message itself, or copy it whole
    .who = The reader of the message

explanation-not-found = There is no such code
    .detail = There is no code { $id }
    .action = Look it up under /docs/; codes never change their meaning
    .who = The caller

identity-taken = This identity stands for other content already
    .detail = A warning with the same sender, identifier and sent is stored as { $id } with other content; this one was not stored
    .action = To change what it says, send an update under a new identifier; if it is the same warning, send it again unaltered
    .who = The officer on duty at the issuer, or the developer of its system

national-form-refused = This warning cannot be written in the 12379 form
    .detail = { $count ->
        [one] One thing in it cannot be said in the 12379 form, so there is no file
       *[other] { $count } things in it cannot be said in the 12379 form, so there is no file
    }
    .action = Correct everything listed in errors and issue it again, or take it as CAP 1.2; exercises never go to the national platform
    .who = The officer on duty at the issuer

idempotency-key-running = A request with this Idempotency-Key is still running
    .detail = The earlier request with this Idempotency-Key has not ended
    .action = Wait as Retry-After says and send the same again
    .who = The calling system, by repeating

idempotency-key-reused = This Idempotency-Key was used for other content
    .detail = This Idempotency-Key came with other content before; this request was not stored
    .action = Use a new Idempotency-Key for new content
    .who = The developer of the calling system

warning-not-delivering = This warning is not being delivered
    .detail = Its deliveries have not begun, or it reaches nobody; nothing was sent again
    .action = Wait until its stage is delivering or finished
    .who = The operator on duty

warning-not-released = This warning has not been released
    .detail = Nobody was told of it, so there is nothing to correct; nothing has changed
    .action = To keep it from going out, lift or reject it
    .who = The operator on duty

drill-not-found = There is no such scheduled drill
    .detail = No scheduled drill has the id { $id }
    .action = Look at the list of drills
    .who = The developer of the calling system

drill-over = This drill waits no longer
    .detail = The drill { $id } has begun or was cancelled
    .action = Look at the list of drills; one that has begun is ended by lifting its warning
    .who = The officer on duty at the issuer

drills-too-many = Too many drills wait already
    .detail = { $limit } drills wait for their time, and that is as many as may
    .action = Cancel some, or let the administrator raise drills.waiting_max
    .who = The officer on duty at the issuer

not-a-drill = Only exercises and tests can be scheduled
    .detail = This message has the status { $got }; nothing was scheduled
    .action = Hand an actual warning in when it is to go out; write exercise or test for a drill
    .who = The officer on duty at the issuer

warning-over = This warning is over
    .detail = { $why ->
        [lifted] It was lifted; nothing was sent again
        [superseded] A newer warning took its place; nothing was sent again
       *[other] It has expired; nothing was sent again
    }
    .action = When people must still be told, issue a new warning
    .who = The issuer

sign-off-not-waiting = There is nothing to sign
    .detail = This warning needs no signature, was released, or ended before; nothing has changed
    .action = Look at its status; to end what is released, lift it
    .who = The approver on duty

sign-off-refused = This signature is not taken
    .detail = { $why ->
        [submitter] Whoever handed a warning in does not sign it
        [made-by-submitter] The key was made by whoever handed the warning in
        [twice] You have signed another step of this warning
        [reason] To return or reject, a reason is needed
        [emergency] The rule of this warning does not let one signature release it, or one has already
        [released] It is released: only a lift ends it
       *[other] Another step is next; GET …/sign-off says which
    }
    .action = Another person signs, or the step that is next is signed
    .who = The approver on duty

sign-off-not-on-duty = You are not on duty for this step
    .detail = On duty for this step at { $office }: { $on_duty }
    .action = Let whoever is on duty sign, or one of his deputies; if the roster is wrong, the operator corrects it with PUT /v1/roster/{ $office }
    .who = The approver on duty

sign-off-not-carried = A channel cannot carry this text; the signature was not taken
    .detail = errors says which, and why
    .action = Return it to its issuer to be shortened, or sign again after the administrator has added a short form or a route
    .who = The approver on duty

sign-off-text-changed = What would go out is not what you saw
    .detail = The texts have changed since; they are now { $digest }
    .action = Read them anew with GET …/sign-off, and sign with their digest
    .who = The approver on duty

callback-forged = The signature of this call does not fit
    .detail = The signature is missing or wrong; nothing was taken
    .action = Compare the provider's signing key with the route's settings; callback_signatures = "observe" takes it as unsigned meanwhile
    .who = The system administrator, with the provider

callback-unreadable = This call cannot be read
    .detail = The body is not in the provider's form; nothing was taken
    .action = Compare what the provider sends with the documentation of the adapter
    .who = The system administrator, with the provider

receipts-not-taken = Receipts are not taken now
    .detail = They are not known to be on disk
    .action = Send the same again as Retry-After says; repeats do no harm
    .who = The provider, by repeating

import-running = Another import is still running
    .detail = Only one import can run at a time
    .action = Send it again when the other has ended; importing again doubles nobody
    .who = The operator on duty

request-timeout = The request came too slowly
    .detail = The request was not complete within { $seconds } seconds
    .action = Check the network and send the same again
    .who = The calling system, by repeating

body-too-large = The body is too large
    .detail = The body is larger than { $limit } bytes
    .action = Make it smaller; a warning with resources may be larger, and a resource may be a link instead
    .who = The developer of the calling system

media-type-unsupported = This media type is not taken
    .detail = The Content-Type “{ $got }” is not taken
    .action = Use one of these: { $allowed }
    .who = The developer of the calling system

internal = The server failed
    .detail = The server made a mistake of its own and did not finish this request
    .action = Send the same once more; if it happens again, give the request id (instance) to the system administrator
    .who = The system administrator finds the request id in the log

store-unavailable = The store is not available now
    .detail = The store did not answer; it is not certain whether this request was stored
    .action = Wait as Retry-After says and send the same again, nothing is done twice; if it stays so, tell the system administrator
    .who = The calling system repeats; the system administrator looks at the data directory and the disk

overloaded = The server is busy
    .detail = A limit was reached ({ $what }); this request was not carried out
    .action = Wait as Retry-After says and send the same again
    .who = The calling system, by repeating

stopping = The server is stopping
    .detail = The server is stopping and takes no new requests
    .action = Wait as Retry-After says and send the same again
    .who = The calling system, by repeating

storage-full = The disk is full
    .detail = The server keeps what is left of its disk for lifts, corrections and the record of what was sent; this request was not stored
    .action = Wait as Retry-After says and send the same again; lifts and corrections are taken and sent all the same
    .who = The system administrator frees space on the disk of the data directory, no file of the data directory itself

# Problems of single fields.

field-missing = The field { $field } is missing
    .title = A field is missing
    .action = Add the field
    .who = The developer of the calling system

field-unknown = There is no field { $field }
    .title = A field that does not exist
    .action = Remove it, or correct its name
    .who = The developer of the calling system

field-wrong = The value of the field is wrong: { $reason }
    .title = The value of a field is wrong
    .action = Compare it with /docs/api
    .who = The developer of the calling system

value-not-allowed = { $field } cannot be “{ $got }”
    .title = Not one of the values allowed
    .action = Use one of these: { $allowed }
    .who = The developer of the calling system

value-too-long = { $field } is too long, { $limit } characters at most
    .title = A value is too long
    .action = Shorten it and send it again
    .who = The developer of the calling system

value-missing = { $field } is empty
    .title = A value is empty
    .action = Fill it in and send it again
    .who = The developer of the calling system

value-mismatch = { $field } differs from “{ $allowed }” in the address
    .title = It differs from the address
    .action = Write the same in both places
    .who = The developer of the calling system

subject-unknown = The configuration knows no “{ $got }”
    .title = The key's issuer or screen does not exist
    .action = Use an issuer of the configuration, or a registered screen
    .who = The security administrator; the system administrator writes issuers into the configuration

subscriptions-not-offered = No subscriptions of this kind are taken
    .detail = This site takes no subscriptions of this kind
    .action = Look at /subscribe for what is offered; public.push_route and public.email_subscriptions open it
    .who = The system administrator

subscription-unusable = This subscription cannot be used
    .detail = This is no subscription of a browser, or one at a push service that is not called
    .action = Subscribe again on the page /subscribe; if it stays so, use another browser or e-mail
    .who = Whoever subscribes

too-many-subscriptions = Too many requests for subscriptions
    .detail = Too many subscriptions were asked for from this network
    .action = Try again in an hour
    .who = Whoever subscribes
