// time. sleep() parks the fiber; localtime() and the like fill a struct_time through the prelude.
#include "runtime/host/host.h"
#include "runtime/modules/descriptor.h"
#include "runtime/modules/modules.h"
#include "runtime/types/core_types.h"
#include "runtime/types/support.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cmath>
#include <ctime>

namespace gen {

constexpr int64_t kSecond = 1'000'000'000;

static int64_t cpu_time(VM& vm) {
    if (vm.clock->is_virtual()) return vm.clock->now();
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * kSecond + t.tv_nsec;
}

static Outcome time_time(VM& vm, Value*) { return vm.real(vm.clock->wall()); }
static Outcome time_time_ns(VM& vm, Value*) { return vm.integer(int64_t(vm.clock->wall() * 1e6) * 1000); }
static Outcome monotonic(VM& vm, Value*) { return vm.real(double(vm.clock->now()) / 1e9); }
static Outcome monotonic_ns(VM& vm, Value*) { return vm.integer(vm.clock->now()); }
static Outcome process_time(VM& vm, Value*) { return vm.real(double(cpu_time(vm)) / 1e9); }
static Outcome process_time_ns(VM& vm, Value*) { return vm.integer(cpu_time(vm)); }

static Outcome time_sleep(VM& vm, Value* args) {
    double seconds;
    if (is_float(args[0]))
        seconds = as_float(args[0]);
    else if (is_int_like(args[0]))
        seconds = double(int_clamp(args[0]));
    else if (!vm.special(args[0], Special::Index).is_unbound())
        return Outcome::unhandled();
    else
        return vm.type_error("'%s' object cannot be interpreted as an integer", vm.type_name(args[0]));
    if (std::isnan(seconds)) return vm.value_error("Invalid value NaN (not a number)");
    if (seconds < 0) return vm.value_error("sleep length must be non-negative");
    if (seconds > 9e9) return vm.raise(kShapeOverflowError, "timestamp out of range for platform time_t");
    vm.scheduler.park(vm, Wait::Time, vm.clock->now() + int64_t(std::ceil(seconds * 1e9)));
    return Outcome::park();
}
static Outcome time_sleep_step(VM& vm, NativeFrame& frame) {
    Value seconds;
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_index(vm, frame[0]));
            seconds = frame.result();
            AWAIT(2, time_sleep(vm, &frame.result()));
    }
    return Value::none();
}

// ---- broken-down time: 9 fields, then zone and offset

static bool seconds_of(VM& vm, Value v, time_t& out) {
    if (v.is_unbound() || v.is_none())
        out = time_t(vm.clock->wall());
    else if (is_float(v)) {
        double d = std::floor(as_float(v));
        if (!(std::fabs(d) < 1e17)) {
            vm.raise(kShapeOverflowError, "timestamp out of range for platform time_t");
            return false;
        }
        out = time_t(d);
    } else if (is_int_like(v)) {
        int64_t n = 0;
        if (!int_to_int64(v, n)) {
            vm.raise(kShapeOverflowError, "timestamp out of range for platform time_t");
            return false;
        }
        out = time_t(n);
    } else {
        vm.type_error("'%s' object cannot be interpreted as an integer", vm.type_name(v));
        return false;
    }
    return true;
}

static Outcome fields_of(VM& vm, const tm& t) {
    Tuple* fields = make_tuple(vm.heap, 11);
    if (!fields) return vm.out_of_memory();
    const int numbers[] = {t.tm_year + 1900, t.tm_mon + 1,        t.tm_mday,     t.tm_hour, t.tm_min,
                           t.tm_sec,         (t.tm_wday + 6) % 7, t.tm_yday + 1, t.tm_isdst};
    for (int i = 0; i < 9; i++) fields->items[i] = Value::integer(numbers[i]);
    fields->items[9] = vm.str(t.tm_zone ? t.tm_zone : "");
    fields->items[10] = Value::integer(t.tm_gmtoff);
    return vm.call_prelude(vm.intern("_struct_time"), {Value::object(fields)});
}
static tm* local_time(const time_t* seconds, tm* t) {
    std::lock_guard guard(environment_mutex());
    return localtime_r(seconds, t);
}
template <tm* (*convert)(const time_t*, tm*)>
static Outcome broken_down(VM& vm, Value* args) {
    time_t seconds;
    if (!seconds_of(vm, args[0], seconds)) return Outcome::raised();
    tm t{};
    if (!convert(&seconds, &t)) return raise_os_error(vm, EOVERFLOW);
    return fields_of(vm, t);
}

// The nine fields as they are, which mktime() puts in order.
static bool time_of_tuple(VM& vm, Value v, tm& t, const char* caller) {
    if (!is_tuple(v)) {
        vm.type_error("Tuple or struct_time argument required");
        return false;
    }
    if (v.as<Tuple>()->size != 9) {
        vm.type_error("%s(): illegal time tuple argument", caller);
        return false;
    }
    int numbers[9];
    for (int i = 0; i < 9; i++) {
        int64_t n = 0;
        if (!get_number(vm, v.as<Tuple>()->items[i], n)) return false;
        numbers[i] = int(n);
    }
    if (numbers[0] < INT_MIN + 1900) {
        vm.raise(kShapeOverflowError, "year out of range");
        return false;
    }
    t = tm{};
    t.tm_year = numbers[0] - 1900;
    t.tm_mon = int(uint32_t(numbers[1]) - 1);
    t.tm_mday = numbers[2];
    t.tm_hour = numbers[3];
    t.tm_min = numbers[4];
    t.tm_sec = numbers[5];
    t.tm_wday = int(uint32_t(numbers[6]) + 1) % 7;
    t.tm_yday = int(uint32_t(numbers[7]) - 1);
    t.tm_isdst = numbers[8];
    return true;
}
// Zeros stand for what is not known.
static bool check_fields(VM& vm, tm& t) {
    if (t.tm_mon == -1) t.tm_mon = 0;
    if (t.tm_mday == 0) t.tm_mday = 1;
    if (t.tm_yday == -1) t.tm_yday = 0;
    const char* wrong = t.tm_mon < 0 || t.tm_mon > 11      ? "month"
                        : t.tm_mday < 0 || t.tm_mday > 31  ? "day of month"
                        : t.tm_hour < 0 || t.tm_hour > 23  ? "hour"
                        : t.tm_min < 0 || t.tm_min > 59    ? "minute"
                        : t.tm_sec < 0 || t.tm_sec > 61    ? "seconds"
                        : t.tm_wday < 0                    ? "day of week"
                        : t.tm_yday < 0 || t.tm_yday > 365 ? "day of year"
                                                           : nullptr;
    if (!wrong) return true;
    vm.value_error("%s out of range", wrong);
    return false;
}
// What a struct_time knows of its zone, for strftime(). The text is the script's.
static void zone_of(VM& vm, Value v, tm& t) {
    Value further = get_instance_attribute(vm, v.as_object(), vm.intern("_further"));
    if (!is_tuple(further) || further.as<Tuple>()->size < 2) return;
    const Value* items = further.as<Tuple>()->items;
    Str* zone = is_str(items[0]) ? vm.strings.intern(vm.heap, items[0].as<Str>()) : nullptr;
    if (zone) t.tm_zone = zone->data();
    if (items[1].is_int()) t.tm_gmtoff = items[1].as_int();
}
static bool time_or_now(VM& vm, Value v, tm& t, const char* caller) {
    if (!v.is_unbound() && !v.is_none()) return time_of_tuple(vm, v, t, caller) && check_fields(vm, t);
    time_t now = time_t(vm.clock->wall());
    local_time(&now, &t);
    return true;
}

static Outcome time_mktime(VM& vm, Value* args) {
    tm t;
    if (!time_of_tuple(vm, args[0], t, "mktime")) return Outcome::raised();
    t.tm_wday = -1;
    time_t seconds;
    {
        std::lock_guard guard(environment_mutex());
        seconds = mktime(&t);
    }
    if (seconds == -1 && t.tm_wday == -1)
        return vm.raise(kShapeOverflowError, "mktime argument out of range");
    return vm.real(double(seconds));
}
static Outcome time_strftime(VM& vm, Value* args) {
    tm t;
    if (!is_str(args[0]))
        return vm.type_error("strftime() argument 1 must be str, not %s", vm.type_name(args[0]));
    if (!time_or_now(vm, args[1], t, "strftime")) return Outcome::raised();
    t.tm_isdst = std::clamp(t.tm_isdst, -1, 1);
    if (!args[1].is_unbound() && !args[1].is_none()) zone_of(vm, args[1], t);
    std::string format(args[0].as<Str>()->view());
    if (format.find('\0') != std::string::npos) return vm.value_error("embedded null character");
    if (format.empty()) return Value::object(vm.empty_string);
    std::string out(256, '\0');
    std::lock_guard guard(environment_mutex());
    for (;;) {
        size_t n = strftime(out.data(), out.size(), format.c_str(), &t);
        if (n || out.size() > 256 * format.size()) {
            out.resize(n);
            break;
        }
        out.resize(out.size() * 2);
    }
    return vm.checked(vm.str(out));
}
static Outcome time_asctime(VM& vm, Value* args) {
    tm t;
    if (!time_or_now(vm, args[0], t, "asctime")) return Outcome::raised();
    static const char* const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char* const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char out[64];
    snprintf(out, sizeof out, "%s %s%3d %.2d:%.2d:%.2d %d", days[t.tm_wday % 7], months[t.tm_mon], t.tm_mday,
             t.tm_hour, t.tm_min, t.tm_sec, 1900 + t.tm_year);
    return vm.str(out);
}
static Outcome time_ctime(VM& vm, Value* args) {
    time_t seconds;
    if (!seconds_of(vm, args[0], seconds)) return Outcome::raised();
    tm t{};
    if (!local_time(&seconds, &t)) return raise_os_error(vm, EOVERFLOW);
    Value fields[9] = {
        Value::integer(t.tm_year + 1900),    Value::integer(t.tm_mon + 1),  Value::integer(t.tm_mday),
        Value::integer(t.tm_hour),           Value::integer(t.tm_min),      Value::integer(t.tm_sec),
        Value::integer((t.tm_wday + 6) % 7), Value::integer(t.tm_yday + 1), Value::integer(t.tm_isdst)};
    Value tuple = Value::object(make_tuple(vm.heap, fields, 9));
    return time_asctime(vm, &tuple);
}
static Outcome lazy_attribute(VM& vm, Value* args) {
    return vm.call_prelude(vm.intern("_time_attribute"), {args[0]});
}

static const NativeDef kFunctions[] = {
    {.signature = "time()",
     .fn = time_time,
     .doc = "time() -> floating point number\n\nReturn the current time in seconds since the Epoch."},
    {.signature = "time_ns()", .fn = time_time_ns},
    {.signature = "monotonic()",
     .fn = monotonic,
     .doc = "monotonic() -> float\n\nMonotonic clock, cannot go backward."},
    {.signature = "monotonic_ns()", .fn = monotonic_ns},
    {.signature = "perf_counter()",
     .fn = monotonic,
     .doc = "perf_counter() -> float\n\nPerformance counter for benchmarking."},
    {.signature = "perf_counter_ns()", .fn = monotonic_ns},
    {.signature = "process_time()",
     .fn = process_time,
     .doc =
         "process_time() -> float\n\nProcess time for profiling: sum of the kernel and user-space CPU time."},
    {.signature = "process_time_ns()", .fn = process_time_ns},
    {.signature = "thread_time()", .fn = process_time},
    {.signature = "thread_time_ns()", .fn = process_time_ns},
    {.signature = "sleep(seconds, /)",
     .fn = time_sleep,
     .step = time_sleep_step,
     .doc = "sleep(seconds)\n\nDelay execution for a given number of seconds.  The argument may be\na "
            "floating point number for subsecond precision."},
    {.signature = "localtime(seconds=None, /)", .fn = broken_down<local_time>},
    {.signature = "gmtime(seconds=None, /)", .fn = broken_down<gmtime_r>},
    {.signature = "mktime(tuple, /)", .fn = time_mktime},
    {.signature = "strftime(format, tuple=None, /)", .fn = time_strftime},
    {.signature = "asctime(tuple=None, /)", .fn = time_asctime},
    {.signature = "ctime(seconds=None, /)", .fn = time_ctime},
    {.signature = "__getattr__(name, /)", .fn = lazy_attribute},
};

static void init(VM& vm, Module* m) {
    std::lock_guard guard(environment_mutex());
    tzset();
    vm.set(m->dict, "timezone", Value::integer(timezone));
    time_t now = time(nullptr);
    tm t{};
    localtime_r(&now, &t);
    vm.set(m->dict, "daylight", Value::integer(daylight));
    vm.set(m->dict, "altzone", Value::integer(daylight ? timezone - 3600 : timezone));
    vm.set(m->dict, "tzname", vm.tuple({vm.str(tzname[0]), vm.str(tzname[1])}));
}

const ModuleDef kTimeModule = {.name = "time",
                               .functions = kFunctions,
                               .init = init,
                               .doc = "This module provides various functions to manipulate time values."};

}  // namespace gen
