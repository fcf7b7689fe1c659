# The command line: help, messages and errors.

# What the program says without arguments.
cli-bare =
    Fenghuo takes a warning from a headquarters to everyone concerned.

        fenghuo demo --exit                  see the whole way, nobody is reached
        fenghuo send warning.xml --watch     hand a warning in and watch it arrive

      serve run the gateway   check the settings   status progress   lift end it   correct a mistake   explain a code

    All commands: fenghuo --help    one command: fenghuo help send    exit codes: fenghuo help exit-codes

# One line for each command; .more says more, .examples shows it.
cli = Fenghuo: emergency warning gateway
    .examples =
        fenghuo demo --exit
        fenghuo send warning.xml --watch
        fenghuo explain area-unknown
cli-demo = Show it: simulated providers, a sample directory and a red drill
    .more = Starts a whole gateway on this machine with a sample directory, sample screens and simulated providers. It carries drills only and reaches nobody. Prints the console's address, a key to log in and a curl line that works.
    .examples =
        fenghuo demo
        fenghuo demo --exit --json
cli-drill = Drills: play a story of warnings again
    .more = Drills that begin at a time of their own are scheduled by POST /v1/drills; GET and DELETE list them and take them back.
    .examples =
        fenghuo drill replay story/*.xml --speed 60
cli-drill-replay = Play warnings again at speed, with simulated providers, and report
    .more = The files are CAP 1.2 XML, the 12379 form or JSON, one warning each; the order is that of their own times. The whole engine runs in this process with a temporary store, a sample directory, simulated providers and screens: nobody is reached. Some telephone numbers are dead and some screens silent. Actual warnings are played as exercises. Only the time between warnings is shortened, each keeps the length of its validity. The report has, for each warning and channel, the audience, the time until 50, 90 and 99 % were accepted and delivered (real times of the engine, to 20 ms), dead numbers, dead screens and failures by reason. Exit codes: 0 everything was taken and the numbers add up, 6 a warning was refused or a file could not be read, 1 the numbers do not add up or it could not run, 2 wrong arguments, 130 interrupted.
    .examples =
        fenghuo drill replay story/*.xml
        fenghuo drill replay first.xml lift.xml --speed 600 --recipients 100000 --json
cli-serve = Run the gateway
    .more = Runs until SIGTERM or Ctrl-C; then takes no new work, lets finish what is on the wire, and closes. The log goes to standard error, FENGHUO_LOG chooses its level.
    .examples = fenghuo serve --config config/fenghuo.toml --data DIR
cli-check = Check the settings and say what would happen
    .more = Reads files only, no network. Lists every problem at once with file, line, column, consequence and what to do. --live also asks the provider of every route and the server of a shared store, and sends nothing.
    .examples =
        fenghuo check --config config/fenghuo.toml
        fenghuo check --live --deny-warnings
cli-send = Hand a warning in
    .more = The file is CAP 1.2 XML, the 12379 form or JSON; - is standard input. When no answer came, send the same again; nothing is done twice.
    .examples =
        fenghuo send warning.xml --dry-run
        fenghuo send warning.xml --watch --key-file issuer.key
cli-watch = Follow a warning to its end
    .examples =
        fenghuo watch 0198c0de-…
        fenghuo watch 0198c0de-… --every 10 --json
cli-follow = Follow the gateway for the screens of one building, also when the line is cut
    .more = Fetches what the gateway signed for each screen, keeps it once the signature is proved, and serves it at the same
        addresses. When the line is cut, warnings are shown until they expire, with the word since when nothing is heard; what
        is not known is called so, never calm. The gateway's keys are pinned at first use, or given with --keys.
    .examples =
        fenghuo follow https://warn.example --screens screens.txt --data DIR --listen 0.0.0.0:12380
cli-status = The newest warnings, or the numbers of one
    .examples =
        fenghuo status --active
        fenghuo status 0198c0de-… --json
cli-correct = Correct a warning that was a mistake
    .more = Sends the correction that was signed with the warning: what is unsent is withdrawn at once, and it goes to everybody whom the warning went to or may have, for a red or orange one on every channel they have. Shows what will happen and asks for a word; without a terminal it never asks and needs --yes, and for an actual red warning --confirm red as well.
    .examples =
        fenghuo correct 0198c0de-… --dry-run
        fenghuo correct 0198c0de-… --yes --reason "a drill script went out as real"
cli-lift = Lift a warning
    .more = What is unsent is withdrawn at once, and the lift goes only to those whom the warning went to. Shows what will happen and asks for a word; without a terminal it never asks and needs --yes, and for an actual red warning --confirm red as well.
    .examples =
        fenghuo lift 0198c0de-… --dry-run
        fenghuo lift 0198c0de-… --yes --reason "rain over"
cli-retry = Send failed deliveries again
    .more = Sends those again whose reason may have passed; recipients that were refused only when --failed-by names it. They go the ordinary way: limits, drill gate and expiry hold as always. Without a terminal it never asks and needs --yes. With the same --nonce it is one order, however often it is given.
    .examples =
        fenghuo retry 0198c0de-… --channel sms
        fenghuo retry 0198c0de-… --yes --reason "carrier is back"
cli-import = Import recipients
    .more = CSV (UTF-8 or GB18030, column names in the first line) or NDJSON (one a line). Every bad line is reported and the good ones are kept; importing the same file again changes nothing.
    .examples =
        fenghuo import people.csv --dry-run
        fenghuo import people.ndjson
cli-keys = Make, list and revoke keys
    .more = With --data it is done in the data directory itself, while no gateway runs; otherwise through the gateway at --server, with a key of the role security.
cli-keys-create = Make a key; it is shown this once
    .examples =
        fenghuo keys create --role issuer --issuer flood --data DIR
        fenghuo keys create --role operator
cli-keys-list = List keys, without their secrets
    .examples = fenghuo keys list --data DIR
cli-keys-revoke = Revoke a key
    .examples = fenghuo keys revoke key-4f1c0c5a9e01b2d3
cli-verify = Prove a data directory: the journal was not rewritten or cut
    .more = Changes nothing, and may be done while the gateway runs.
    .examples = fenghuo verify --data DIR
cli-migrate = Move a data directory into a Redis that several nodes share
    .more = Stop the gateway first. Records keep their versions, the journal its numbers, times and hashes. Before any node may open the new store it is read back: counts and a digest of every kind, and the journal from its first row to its last hash. The data directory is only read. A move that broke off is repeated from its beginning; a store that exists is never overwritten.
    .examples = fenghuo migrate --from DIR --to redis://10.0.0.21:6379 --password-file redis-password
cli-explain = Explain a code: what it means and what to do
    .more = Problem codes, rules, reasons of non-delivery, states, findings about settings and exit codes. Needs no network. Without a code it lists them all.
    .examples =
        fenghuo explain area-unknown
        fenghuo explain recipient_refused
        fenghuo explain 3
cli-completions = Print a completion script
    .examples = fenghuo completions bash > /etc/bash_completion.d/fenghuo
cli-man = Write manual pages into a directory
    .examples = fenghuo man /usr/local/share/man/man1
cli-version = Version and commit
    .examples = fenghuo version --json
cli-help = Help on a command, or on exit-codes or environment
    .examples =
        fenghuo help send
        fenghuo help exit-codes

# Options and arguments.
cli-arg-json = Results as JSON, progress as JSON lines
cli-arg-quiet = Nothing but results and errors
cli-arg-lang = Language: zh-CN or en; default from LC_ALL, LC_MESSAGES, LANG
cli-arg-help = Show this help; -h short, --help long
cli-arg-version = Show the version
cli-arg-config = Settings file (FENGHUO_CONFIG); default the first of fenghuo.toml, config/fenghuo.toml, /etc/fenghuo/fenghuo.toml
cli-arg-server = Address of the gateway (FENGHUO_SERVER); default http://127.0.0.1:12379
cli-arg-key-file = File that holds the key (FENGHUO_KEY_FILE)
cli-arg-every = Seconds between lines of progress when nobody watches; default 60
cli-arg-data = Data directory (FENGHUO_DATA)
cli-verify-arg-config = Settings file; with store.url in it the store that nodes share is proved
cli-migrate-arg-from = Data directory to move; only read
cli-migrate-arg-to = Where to: redis://host:port, rediss:// with TLS, redis+sentinel://host,host/service, redis+cluster://host,host
cli-migrate-arg-user = User of Redis; default its default user
cli-migrate-arg-password-file = File that holds the password
cli-migrate-arg-ca-file = Certificates that sign the server's; default those of the system
cli-migrate-arg-prefix = What the names in Redis begin with; default fenghuo
cli-migrate-arg-replicas = Replicas that have to have it all before nodes may open it; default 0
cli-follow-arg-url = Address of the gateway
cli-follow-arg-screens = The screens: a kiosk address with its token on each line, or an id and its token
cli-follow-arg-listen = Where to listen; default 127.0.0.1:12380
cli-follow-arg-data = Where it keeps what it was told (FENGHUO_DATA)
cli-follow-arg-keys = The gateway's keys (/screens/keys.json); without them those of the first use are pinned
cli-arg-listen = Address to listen on, for example 127.0.0.1:12379 (FENGHUO_LISTEN)
cli-arg-recipients = Number of sample recipients, 1 to 1000000; default 10000
cli-arg-exit = End when it is done, and print a summary
cli-arg-files = Files, one warning each; - is standard input
cli-arg-speed = How many times faster than in the story warnings follow each other, 1 to 1000000; default 60
cli-arg-live = Also ask the provider of every route and the server of a shared store; nothing is sent
cli-arg-deny-warnings = Fail on advice too
cli-arg-file = File; - is standard input
cli-arg-watch = Follow it to its end
cli-arg-dry-run = Check everything, store and send nothing
cli-arg-idempotency-key = Mark of the request; the same mark with the same content is done once
cli-arg-id = The id
cli-arg-active = Only those in force
cli-arg-limit = List this many at most; default 20
cli-arg-yes = Do not ask
cli-arg-confirm = The word of confirmation: red for an actual red warning, the name of the command or the level for others
cli-arg-text = Text of the lift; default the one signed with the warning
cli-arg-reason = Why, for the journal
cli-arg-channel = Only on this channel: sms, wechat, push, email, display, broadcast or webhook
cli-arg-failed-by = Those that failed for these reasons, divided by commas; default those that may have passed
cli-arg-nonce = Mark of the order; the same mark sends once. Default a new one
cli-arg-coordinates = Coordinates of the positions in the file: wgs84 (default) or gcj02 (Amap, Tencent)
cli-arg-format = csv or ndjson; default by the file's name
cli-arg-role = Role: issuer, approver, operator, auditor, security, admin or screen
cli-arg-issuer = The issuer the key belongs to (role issuer)
cli-arg-screen = The screen the key belongs to (role screen)
cli-arg-person = The person who will hold it; signers are told apart by it
cli-arg-note = What it is for, who holds it
cli-arg-code = The code; without one all are listed
cli-arg-shell = bash, zsh, fish, powershell or elvish
cli-arg-directory = The directory
cli-arg-topic = Name of a command, or exit-codes or environment
cli-demo-arg-data = Data directory; default a temporary one that is removed at the end
cli-demo-arg-listen = Address to listen on; default 127.0.0.1:12379, or a free one when it is taken
cli-lift-arg-dry-run = Only show what would happen
cli-correct-arg-dry-run = Only show what would happen
cli-keys-create-arg-config = Settings of nodes that share a store: the key is made there, with the seal.key of the data directory
cli-keys-list-arg-config = Settings of nodes that share a store
cli-keys-revoke-arg-config = Settings of nodes that share a store
cli-keys-revoke-arg-id = Id of the key
cli-heading-usage = Usage:
cli-heading-commands = Commands
cli-heading-options = Options
cli-heading-arguments = Arguments
cli-heading-examples = Examples:
cli-usage-options = [OPTIONS]
cli-usage-command = <COMMAND>

# What is wrong with the arguments.
cli-usage-unknown-argument = There is no option { $argument }
cli-usage-unknown-command = There is no command { $argument }
cli-usage-missing = { $argument } is missing
cli-usage-no-command = Say what to do: { $known }
cli-usage-not-a-value = { $argument } cannot be { $got }; it can be { $known }
cli-usage-wrong-value = { $argument } cannot be { $got }
cli-usage-conflict = { $argument } cannot be used with { $other }
cli-usage-count = { $argument } has too many or too few values
cli-usage-other = The arguments are wrong { $argument }
cli-usage-help = Usage: fenghuo { $command }--help

# Errors and messages.
cli-error = error:
cli-file-unreadable = { $file } cannot be read or written: { $cause }
    .action = Check the name and who may read it
cli-follow-started = Listening on { $address }, following { $url } for { $count } screens
cli-follow-list = { $file }, line { $line } is no screen: a kiosk address, or an id and its token
    .action = Copy the address of each screen's page from /console/screens, one a line
cli-follow-keys = { $file } holds no keys of a gateway
    .action = Take them from /screens/keys.json of the gateway, by a way you trust
cli-no-runtime = The system gives no threads: { $cause }
    .action = Look at the system's limits on processes and memory
cli-no-config = No settings file found; looked for { $places }
    .action = Name one with --config; config/fenghuo.toml is a sample
cli-config-refused = The settings have { $count } findings; the gateway did not start
    .action = Correct what is listed above, and check with fenghuo check
cli-data-in-use = The data directory { $data } is in use by a gateway
    .action = Do it through that gateway: leave --data out and give --server and --key-file; or stop it first
cli-data-full = No space is left on the disk of the data directory { $data }, and nothing of its reserve
    .action = Free at least 16 MiB on that disk (old logs and back-ups first; no file of the data directory itself) and start again; nothing stored is lost
cli-data-not-opened = The data directory { $data } cannot be opened: { $cause }
    .action = Nothing was changed; prove it with fenghuo verify
cli-store-not-opened = The store of the nodes cannot be opened: { $cause }
    .action = Nothing was changed; check it with fenghuo check --live
cli-not-listening = Cannot listen on { $address }: { $cause }
    .action = See whether a gateway runs already, or choose another address with --listen
cli-route-not-built = The route { $route } cannot be built: { $cause }
    .action = Correct its settings, and check with fenghuo check
cli-not-started = The gateway did not start: { $cause }
    .action = Check the settings with fenghuo check
cli-log-level = There is no log level { $got }
    .action = FENGHUO_LOG is error, warn, info, debug or trace
cli-server-wrong = This server address cannot be used: { $server } { $cause }
    .action = Write http://HOST:PORT or https://HOST
cli-unreachable = Cannot reach { $server }: { $cause }
    .action = Check the address, and whether the gateway runs
cli-no-answer = { $server } did not finish its answer: { $cause }
    .action = It is not known whether it was done; try the same again, nothing is done twice
cli-not-ours = The answer of { $server } ({ $status }) is not Fenghuo's
    .action = Check the address; a proxy may stand between
cli-answer-unknown = The server's answer cannot be read: { $cause }
    .action = Client and server may be of different versions; see fenghuo version
cli-stdin-terminal = Standard input is a terminal; there is nothing to read
    .action = Name a file, or pipe it in
cli-not-stored = It was not stored: { $cause }
    .action = Try the same again later
cli-import-format = The file's name does not tell its form
    .action = Give --format csv or --format ndjson
cli-lift-needs-yes = There is no terminal to confirm on; nothing was done
    .action = Add --yes; an actual red warning also needs --confirm red
cli-lift-needs-confirm = Ending this warning needs --confirm { $word }; nothing was done
    .action = Check the id, then add --confirm
cli-lift-word = { $word } was not given; nothing was done
    .action = To end it, try again and give that word
cli-retry-needs-yes = There is no terminal to confirm on; nothing was done
    .action = Add --yes
cli-retry-word = { $word } was not given; nothing was done
    .action = To send them again, try again and give that word
cli-replay-unreadable = { $count } files of the story are no warnings
    .action = Correct them, or leave them out; fenghuo explain CODE says what a code means
cli-key-unknown = There is no key { $id }
    .action = See the ids with fenghuo keys list
cli-keys-subject = A key of the role { $role } needs { $flag }
    .action = Name the issuer or the screen it belongs to
cli-keys-no-subject = A key of the role { $role } does not take this option; its option is { $flag }
    .action = --issuer is for issuer only, --screen for screen only
cli-migrate-address = The address { $store } cannot be read: it { $cause }
cli-migrate-in-use = The data directory { $data } is in use by a gateway
    .action = Stop that gateway: what it took after the move would stay behind
cli-migrate-inhabited = { $store } holds a store already: { $cause }
    .action = Nothing was changed. Name another server, database or --prefix
cli-migrate-not-begun = Nothing can be moved to { $store }: { $cause }
    .action = See that Redis runs, and check address, user and password
cli-migrate-failed = { $data } was not moved: { $cause }
    .action = The data directory is as it was, and no node can open the unfinished store. Remove the cause and repeat the move
cli-verify-unreadable = The data directory { $data } cannot be proved: { $cause }
    .action = Check the directory and who may read it
cli-explain-unknown = There is no code { $code }
    .action = fenghuo explain without a code lists them all
cli-help-unknown = There is no help on { $topic }
    .action = fenghuo --help lists all commands
cli-key-file-hint = No key was given: use --key-file or FENGHUO_KEY_FILE
cli-explain-hint = More: fenghuo explain { $code }
cli-serve-started =
    Fenghuo { $version } ({ $commit }) listens on { $address }
      data      { $data}
      settings  { $files }
      console   { $address }/console/    interface  { $address }/docs/
cli-serve-stopping = Stopping: what is on the wire may finish. Ask again to stop at once
cli-send-created = accepted { $id }  { $level }  { $status }  { $headline }
cli-send-repeat = accepted before { $id }  { $level }  { $status }  { $headline }
cli-send-next = Next: fenghuo watch { $id }
cli-preflight = It would be taken; nothing was stored. It would go to:
cli-preflight-channel = { $channel }: { $count } people
cli-preflight-route-refuses = Route { $route } cannot carry it: { $cause }
cli-preflight-route-makes = Readers on route { $route } see ({ $count } segments):
cli-preflight-segments = { $count } segments
cli-preflight-first = at once { $count }, the others if nobody answers before
cli-preflight-pace = { $rate } a second, { $ahead } waiting ahead
cli-preflight-finish = through at { $finish }
cli-preflight-never = when it is through cannot be foretold
cli-preflight-miss = { $count } too late
cli-preflight-all-segments = { $count } segments in all
cli-preflight-cost = cost { $cost }
cli-preflight-people = { $people } people in all, { $finish }
cli-preflight-usual = usually { $median }, at most { $largest } (last { $count } warnings); this is { $ratio } times that
cli-status-empty = No warnings
cli-as-of = as of { $as_of }
cli-correct-plan =
    This will be corrected, as sent by mistake: { $headline }
      level { $level }, { $status }, { $stage }, id { $id }
      What is unsent is withdrawn at once; those whom it went to, or may have, get the correction signed with it
cli-correct-ask = Type { $word } to correct it: 
cli-correct-done = correction { $id } handed in, of { $lifted }
cli-lift-plan =
    This will be lifted: { $headline }
      level { $level }, { $status }, { $stage }, id { $id }
      What is unsent is withdrawn at once; those whom it went to will get the lift
cli-lift-text =   text: { $text }
cli-lift-ask = Type { $word } to lift it: 
cli-lift-done = lift { $id } handed in, of { $lifted }
cli-replay-warning = +{ $after } s  { $kind }  { $identifier }  { $headline }
cli-replay-refused = +{ $after } s  { $kind }  { $identifier }  { $headline }  refused: { $codes }
cli-replay-dead = { $channel }: { $count } dead addresses: { $list }
cli-replay-silent = { $count } screens did not show it: { $list }
cli-replay-total = { $warnings } warnings, { $refused } refused; { $deliveries } deliveries: { $accepted } accepted, { $delivered } delivered, { $confirmed } confirmed, { $failed } failed; { $seconds } s at { $speed } times the speed; { $silent } dead screens: { $screens }
cli-retry-plan = Failed deliveries of { $headline }, id { $id }:
cli-retry-failed =   { $channel }  { $count }  { $why }
cli-retry-ask = Type { $word } to send again those that may succeed: 
cli-retry-done = { $count } deliveries put back
cli-retry-left = left: { $channel }  { $count }  { $why }
cli-import-done = { $lines } records: { $created } created, { $changed } changed, { $unchanged } unchanged, { $rejected } not taken
cli-import-line = line { $line } { $column }  { $code }  { $sentence }
cli-import-more = { $count } more are not listed
cli-keys-created = Key { $id } ({ $role }); keep it, it is not shown again
cli-keys-revoked = { $id } revoked
cli-migrate-done = Moved and proved: { $records } records; the journal ends at { $sequence } { $hash }
cli-migrate-next = Put store.url = "{ $store }" into every node's settings and { $key } into every node's data directory. Keep the old directory until the new store has a back-up; do not start a gateway on it.
cli-verify-sound = Sound: the journal was not rewritten or cut
cli-verify-broken = Damaged
cli-verify-counts = { $rows } rows and { $entries } entries of the journal, { $records } records; the journal ends at { $sequence } { $hash }; { $reserve } MiB are kept for a full disk
cli-verify-progress = { $rows } of { $of } rows, { $records } records
cli-explain-more = More
cli-explain-so = Consequence
cli-explain-action = What to do
cli-explain-who = Who can do it
cli-man-done = Manual pages are in { $directory }
cli-check-passed = It would start; { $advice } pieces of advice, { $errors } errors
cli-check-refused = It would not start: { $errors } errors, { $advice } pieces of advice
cli-check-counts =
    files { $files }
    routes { $routes }  issuers { $issuers }  areas { $areas }  hazards { $hazards }  languages { $languages }
cli-check-sample = route { $route }: the sample ({ $language }) takes { $count } segments
cli-check-sample-drill = route { $route }: the sample of a drill ({ $language }) takes { $count } segments
cli-check-sample-other = route { $route }: the sample ({ $language }) takes { $count } segments and reads: { $text }
cli-check-sample-drill-other = route { $route }: the sample of a drill ({ $language }) takes { $count } segments and reads: { $text }
cli-check-probe-ok = route { $route } answers
cli-check-probe-failed = route { $route } fails: { $cause }
cli-demo-stored = { $count } sample recipients and { $screens } screens stored in { $ms } ms
cli-demo-links =
    console    { $url }/console/
    log in     { $key }
    screens    { $url }/console/screens
    interface  { $url }/docs/
    try it     curl -H @{ $header } -H 'Content-Type: application/cap+xml' --data-binary @{ $file } { $url }/v1/warnings
    data       { $data }
    All of this is a simulated drill; it reaches nobody.
cli-demo-sent = Red drill { $id } handed in, { $url }/console/warnings/{ $id }
cli-demo-stays = Done. The gateway goes on running: { $url }/console/    Ctrl-C ends it
cli-progress-line = { $as_of } { $stage }: { $channels }
cli-bar-message = accepted { $accepted } delivered { $delivered } confirmed { $confirmed } failed { $failed } · { $rate }/s
cli-reason-line = { $channel }: { $reason } ({ $code }) { $count }
cli-people-line = { $addressed } people addressed; { $one } on at least one channel, { $two } on at least two
cli-column-id = id
cli-column-level = level
cli-column-status = meant
cli-column-stage = stage
cli-column-received = received
cli-column-headline = headline
cli-column-channel = channel
cli-column-audience = audience
cli-column-role = role
cli-column-person = held by
cli-column-subject = belongs to
cli-column-created = made
cli-column-revoked = revoked
cli-column-note = note
cli-column-pending = waiting
cli-column-in-flight = under way
cli-column-accepted = accepted
cli-column-delivered = delivered
cli-column-confirmed = confirmed
cli-column-failed = failed
cli-column-expired = expired
cli-column-withdrawn = withdrawn
cli-column-superseded = superseded
cli-meant-actual = actual
cli-meant-exercise = exercise
cli-meant-test = test
cli-meant-system = system
cli-meant-draft = draft
cli-ended-lifted = lifted
cli-ended-corrected = corrected
cli-ended-stopped = passed on no more
cli-ended-superseded = superseded
cli-ended-expired = expired

# Topics of the help.
cli-help-exit-codes = Exit codes
cli-help-exit-codes-more = Take any other number for a failure; more may come.
cli-help-environment =
    Environment variables
      FENGHUO_CONFIG     settings file (serve, check)
      FENGHUO_DATA       data directory
      FENGHUO_LISTEN     address to listen on
      FENGHUO_SERVER     address of the gateway (client commands)
      FENGHUO_KEY_FILE   file that holds the key
      FENGHUO_LOG        log level: error, warn, info, debug, trace
      LC_ALL, LC_MESSAGES, LANG  language
      NO_COLOR, CLICOLOR_FORCE, TERM=dumb  colour and animation

    Any key of the settings file: FENGHUO_ and its path, in capitals, two underscores between the parts, for example
      FENGHUO_SERVER__LISTEN=127.0.0.1:12379
      FENGHUO_ROUTES__SMS_CMCC__RATE_PER_S=200
    Secrets are never read from the environment, only from files.
