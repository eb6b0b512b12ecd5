#pragma once

/// What is said, before the program ends with status 1, when memory is asked for that the system does not give:
/// `BEGINNING: there is no memory for another 134 MB; ADVICE`. Both texts are copied.
///
/// Whoever asks for much checks first and throws; this is for everything else. Swift's runtime would end the program with
/// a backtrace, and OpenBLAS asks again for ever.
void last_resort_say(const char *_Nonnull beginning, const char *_Nonnull advice);
