# The page behind the link of a message.

confirm-title = Have you received this warning?
confirm-drill-title = DRILL: have you received this drill message?
confirm-drill = DRILL – nothing is happening
confirm-drill-say = This is a drill. Nothing has happened, and nothing needs to be done. Confirming it says only that the drill message reached you.
confirm-drill-act = Drill: I have received the drill message
confirm-drill-done = Thank you. The duty office knows that the drill message reached you. This was a drill.
confirm-act = I have received this
confirm-hint = Press it so that the duty office knows the warning reached you. Nothing else about you is sent.
confirm-done = Thank you. The duty office knows that you have received this.
confirm-failed = It could not be saved just now. Please press the button again.
confirm-ended-lifted = This warning has been lifted.
confirm-ended-corrected = This warning was a mistake and has been corrected.
confirm-ended-stopped = This warning is passed on no more; whether it is over is for its originator to say.
confirm-ended-superseded = A newer message has taken the place of this one.
confirm-ended-expired = This warning has expired.
confirm-unknown = This link is not valid
confirm-unknown-hint = Open it from the message itself, or copy it whole.
confirm-officers = { $confirmed } of { $of } officers have confirmed.
unsubscribe-title = Stop receiving yellow and blue warnings?
unsubscribe-act = Stop them
unsubscribe-done = You will receive no more yellow and blue warnings.
unsubscribe-hint = Orange and red warnings are about danger to life and still come to you. To receive all of them again, ask the office that issues them.
unsubscribe-duty = You have a duty and still receive every warning.
unsubscribe-duty-hint = Ask your duty office when your duty has changed.
