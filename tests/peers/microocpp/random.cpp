// The library's default random numbers are derived from the milliseconds since the start, so that message ids
// repeat after a restart (forbidden by errata 3.1 of OCPP-J). It asks integrators for a better source; here it is.

#include <MicroOcpp/Platform.h>

#include <random>

static uint32_t random_number() {
    static std::random_device source;
    return source();
}

static const bool registered = (mocpp_set_rng(random_number), true);
