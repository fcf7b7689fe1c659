# Sharing: partners' systems, feeds of upper levels, the inbox.

partner-not-found = There is no such partner
    .detail = There is no partner called { $id }
    .action = Compare the name with what GET /v1/partners lists; partners stand in partners.toml
    .who = The system administrator

upstream-not-found = This feed is no longer configured
    .detail = The configuration has no feed called { $id }, so nobody knows under whose authority to relay
    .action = Put the feed back into upstream.toml, or let a headquarters that may issue it
    .who = The system administrator

inbox-item-not-found = The inbox has no such item
    .detail = The inbox has no item with the id { $id }
    .action = Compare the id with what GET /v1/inbox lists; what is long over is not kept
    .who = The operator on duty

inbox-item-over = This item can no longer be decided about
    .detail = { $why ->
        [relayed] It was relayed
        [ended] It was lifted above
        [superseded] A newer warning from above took its place
       *[other] It has expired
    }
    .action = Look at the newer ones in the inbox; when people must still be told, let a headquarters that may issue
    .who = The approver on duty

inbox-rule = The rule of this feed is to wait
    .action = Look at the preflight, then relay or dismiss
inbox-scope = It is not public, and such are never relayed by rule
    .action = Read whom it is for; an approver relays it when it should be
inbox-drill = It is an exercise, and such are never relayed by rule
    .action = An approver relays it when this district takes part

alarm-addresses-doubted = The provider of route { $route } refuses most addresses
    .detail = Of the last { $count } deliveries { $refused } were refused for their address; none is suppressed or removed
    .more = Some addresses are always dead. When most are, the settings are usually wrong: tokens of the test environment sent to production, another app, account or list of numbers. So it is not believed, and the directory stays as it is.
    .action = Compare environment and account of the route with where the addresses come from; then send an exercise: the alarm ends when most are taken
    .who = The operator on duty
alarm-partner-gone = A partner takes no more warnings
    .detail = Partner { $name } answered 410 at { $since } and has been sent nothing since
    .more = 410 means that the address is gone for good. What waited has ended, and nothing new is sent until a test succeeds.
    .action = Ask the partner; test it when its address is back (POST /v1/partners/NAME/test), or remove it from the configuration
    .who = The system administrator
alarm-upstream-silent = A feed of an upper level does not answer
    .detail = Feed { $name } has given no usable answer { $count } times in a row; the last came { $seconds } seconds ago ({ $since }): { $reason }
    .more = What upper levels issue meanwhile is not seen here, and an empty inbox does not mean calm. It is looked at again and again, and the alarm ends with the first usable answer.
    .action = Find out by other means (telephone, web page) whether there are new warnings above; look at the network and the feed
    .who = The operator on duty

config-share-name = "{ $got }" cannot be a name
    .so = Names stand in URLs; the gateway does not start
    .action = Use 1 to 64 letters, digits, - or _
config-share-url = The address of { $name } is neither https nor http
    .so = It could not be reached; the gateway does not start
    .action = Write the whole address, beginning with https://
config-share-plain = The address of { $name } is http, without TLS
    .so = Whoever is on the way can read it and pretend to be the other side; signatures protect only what is posted
    .action = Use https; http only on a network that is protected by other means
config-share-nothing = { $got } of { $name } is empty
    .so = It matches nothing, so nothing is sent or taken
    .action = Write what is wanted, or leave the key out (default all)
config-share-area = The area "{ $got }" of { $name } is not configured
    .so = What is no area code matches no warning
    .action = Compare the 12 digits with areas.toml
config-partner-unsigned = Partner { $name } has no secret
    .so = Anybody could forge what is not signed; the gateway does not start
    .action = Make one (whsec_ and the base64 of 32 random bytes), put it into a file only this service can read, name the file in secret_files, and give it to the partner
config-upstream-issuer = The issuer "{ $got }" of feed { $name } does not relay
    .so = Nobody would have the authority to pass its warnings on; the gateway does not start
    .action = Name one with relay = true in issuers.toml
config-upstream-pace = Feed { $name } is looked at too often
    .so = Its owner may take us for an attack and cut us off; the gateway does not start
    .action = Write 10 seconds or more
config-upstream-settings = The settings of feed { $name } cannot be used: { $cause }
    .so = The gateway does not start
    .action = Correct them as it says
