// Addresses, names of hosts, and numbers in network order.
#include "runtime/modules/socket_address.h"

#if defined(GEN_HAS_LIBUV)

#include "runtime/modules/descriptor.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>
#include <cstddef>
#include <cstring>
#include <mutex>

namespace gen {

// ---- addresses

namespace {

bool read_path(VM& vm, SocketAddress& a, Value address, const char* caller) {
    auto* un = reinterpret_cast<sockaddr_un*>(a.get());
    std::string_view path;
    std::string scratch;
    if (is_str(address))
        path = address.as<Str>()->view();
    else if (!view_bytes(vm, address, path, scratch)) {
        vm.type_error("%s(): a bytes-like object or str is required, not '%s'", caller,
                      vm.type_name(address));
        return false;
    }
    if (path.size() >= sizeof un->sun_path) {
        vm.raise(kShapeOSError, "AF_UNIX path too long");
        return false;
    }
    un->sun_family = AF_UNIX;
    std::memcpy(un->sun_path, path.data(), path.size());
    // An abstract name begins with a zero byte and has no end mark; an empty one asks for any.
    bool abstract = path.empty() || path[0] == 0;
    a.size = socklen_t(offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1));
    return true;
}

// host and port of the tuple, and its further fields as numbers.
bool read_tuple(VM& vm, int family, Value address, const char* caller, std::string& host,
                int64_t numbers[3]) {
    const char* name = family == AF_INET ? "AF_INET" : "AF_INET6";
    if (!is_tuple(address)) {
        vm.type_error("%s(): %s address must be tuple, not %s", caller, name, vm.type_name(address));
        return false;
    }
    auto* t = address.as<Tuple>();
    if (t->size < 2 || t->size > (family == AF_INET ? 2u : 4u)) {
        vm.type_error(family == AF_INET
                          ? "AF_INET address must be a pair (host, port)"
                          : "AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])");
        return false;
    }
    Value h = t->items[0];
    if (is_str(h))
        host = h.as<Str>()->view();
    else if (is_bytes(h))
        host = view_of(h.as<Bytes>());
    else {
        vm.type_error("str, bytes or bytearray expected, not %s", vm.type_name(h));
        return false;
    }
    for (size_t i = 1; i < t->size; i++) {
        if (!is_int_like(t->items[i])) {
            vm.type_error("'%s' object cannot be interpreted as an integer", vm.type_name(t->items[i]));
            return false;
        }
        numbers[i - 1] = int_clamp(t->items[i]);
    }
    if (numbers[0] < 0 || numbers[0] > 65535) {
        vm.raisef(kShapeOverflowError, "%s(): port must be 0-65535.", caller);
        return false;
    }
    return true;
}

}  // namespace

bool SocketAddress::read(VM& vm, int family, Value address, const char* caller) {
    if (family == AF_UNIX) return read_path(vm, *this, address, caller);
    if (family != AF_INET && family != AF_INET6) {
        vm.raisef(kShapeOSError, "%s(): bad family", caller);
        return false;
    }
    std::string host;
    int64_t numbers[3] = {};
    if (!read_tuple(vm, family, address, caller, host, numbers)) return false;
    bool good = true;
    if (family == AF_INET) {
        auto* in = reinterpret_cast<sockaddr_in*>(get());
        in->sin_family = AF_INET;
        in->sin_port = htons(uint16_t(numbers[0]));
        if (host == "<broadcast>")
            in->sin_addr.s_addr = INADDR_BROADCAST;
        else if (!host.empty())
            good = inet_pton(AF_INET, host.c_str(), &in->sin_addr) == 1;
        size = sizeof *in;
    } else {
        auto* in6 = reinterpret_cast<sockaddr_in6*>(get());
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(uint16_t(numbers[0]));
        in6->sin6_flowinfo = htonl(uint32_t(numbers[1]));
        in6->sin6_scope_id = uint32_t(numbers[2]);
        if (!host.empty()) good = inet_pton(AF_INET6, host.c_str(), &in6->sin6_addr) == 1;
        size = sizeof *in6;
    }
    if (!good) vm.raisef(kShapeOSError, "%s(): '%s' is no address of this family", caller, host.c_str());
    return good;
}

Value SocketAddress::value(VM& vm) const {
    if (size == 0) return Value::none();
    char text[INET6_ADDRSTRLEN + 1] = "";
    switch (storage.ss_family) {
        case AF_INET: {
            auto& in = reinterpret_cast<const sockaddr_in&>(storage);
            inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
            return vm.tuple({vm.str(text), Value::integer(ntohs(in.sin_port))});
        }
        case AF_INET6: {
            auto& in6 = reinterpret_cast<const sockaddr_in6&>(storage);
            inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof text);
            return vm.tuple({vm.str(text), Value::integer(ntohs(in6.sin6_port)),
                             Value::integer(ntohl(in6.sin6_flowinfo)), Value::integer(in6.sin6_scope_id)});
        }
        case AF_UNIX: {
            auto& un = reinterpret_cast<const sockaddr_un&>(storage);
            size_t length = size - offsetof(sockaddr_un, sun_path);
            if (length && un.sun_path[0] == 0) return Value::object(make_bytes(vm.heap, un.sun_path, length));
            return file_name(vm, {un.sun_path, strnlen(un.sun_path, length)}).value();
        }
        default:
            return Value::none();
    }
}

namespace {

// ---- names

struct Lookup {
    std::string host, port;
    bool has_host = false, has_port = false;
    addrinfo hints{};
    addrinfo* found = nullptr;
    int error = 0;
    ~Lookup() {
        if (found) freeaddrinfo(found);
    }
    void run() {
        error =
            getaddrinfo(has_host ? host.c_str() : nullptr, has_port ? port.c_str() : nullptr, &hints, &found);
    }
    // A list of (family, type, protocol, canonical name, address); or the number of the error.
    Value result(VM& vm) const {
        if (error) return Value::integer(error);
        Value list = vm.list();
        for (addrinfo* a = found; a; a = a->ai_next) {
            SocketAddress address;
            std::memcpy(&address.storage, a->ai_addr, a->ai_addrlen);
            address.size = a->ai_addrlen;
            Value entry = vm.tuple({Value::integer(a->ai_family), Value::integer(a->ai_socktype),
                                    Value::integer(a->ai_protocol),
                                    vm.str(a->ai_canonname ? a->ai_canonname : ""), address.value(vm)});
            list_append(vm.heap, list.as<List>(), entry);
        }
        return list;
    }
};

bool get_text(VM& vm, Value v, std::string& out, bool& there) {
    there = true;
    if (v.is_none() || v.is_unbound())
        there = false;
    else if (is_str(v))
        out = v.as<Str>()->view();
    else if (is_bytes(v))
        out = view_of(v.as<Bytes>());
    else if (is_int_like(v))
        out = std::to_string(int_clamp(v));
    else {
        vm.type_error("getaddrinfo() argument 1 must be string or None");
        return false;
    }
    return true;
}

// Only names that have to be looked up leave the VM's thread.
Outcome look_up(VM& vm, Value* args) {  // host, port, family, type, proto, flags
    if (!network_granted(vm)) return Outcome::raised();
    auto lookup = std::make_shared<Lookup>();
    if (!get_text(vm, args[0], lookup->host, lookup->has_host) ||
        !get_text(vm, args[1], lookup->port, lookup->has_port))
        return Outcome::raised();
    int64_t numbers[4] = {};
    for (int i = 0; i < 4; i++)
        if (!get_number(vm, args[2 + i], numbers[i])) return Outcome::raised();
    lookup->hints.ai_family = int(numbers[0]);
    lookup->hints.ai_socktype = int(numbers[1]);
    lookup->hints.ai_protocol = int(numbers[2]);
    lookup->hints.ai_flags = int(numbers[3]);
    unsigned char address[16];
    bool numeric = !lookup->has_host || inet_pton(AF_INET, lookup->host.c_str(), address) == 1 ||
                   inet_pton(AF_INET6, lookup->host.c_str(), address) == 1 || numbers[3] & AI_NUMERICHOST;
    if (!numeric)
        return UvReactor::of(vm).work([lookup] { lookup->run(); },
                                      [lookup](VM& vm) { return lookup->result(vm); });
    lookup->run();
    return lookup->result(vm);
}
Outcome name_of_address(VM& vm,
                        Value* args) {  // family, address, flags: (host, service), or an error's number
    struct Query {
        SocketAddress address;
        int flags, error;
        char host[NI_MAXHOST], service[NI_MAXSERV];
    };
    auto query = std::make_shared<Query>();
    int64_t flags = 0;
    if (!network_granted(vm) || !query->address.read(vm, int(args[0].as_int()), args[1], "getnameinfo") ||
        !get_number(vm, args[2], flags))
        return Outcome::raised();
    query->flags = int(flags);
    auto ask = [query] {
        query->error = getnameinfo(query->address.get(), query->address.size, query->host, sizeof query->host,
                                   query->service, sizeof query->service, query->flags);
    };
    return UvReactor::of(vm).work(ask, [query](VM& vm) {
        return query->error ? Value::integer(query->error)
                            : vm.tuple({vm.str(query->host), vm.str(query->service)});
    });
}

Outcome error_text(VM& vm, Value* args) { return vm.checked(vm.str(gai_strerror(int(args[0].as_int())))); }
Outcome host_name(VM& vm, Value*) {
    char name[256] = "";
    if (gethostname(name, sizeof name - 1) < 0) return raise_os_error(vm, errno);
    return vm.checked(vm.str(name));
}
Outcome service_port(VM& vm, Value* args) {  // name, protocol: 0 when there is none
    if (!is_str(args[0]))
        return vm.type_error("getservbyname() argument 1 must be str, not %s", vm.type_name(args[0]));
    static std::mutex answers;  // which are the process's
    std::lock_guard guard(answers);
    servent* entry =
        getservbyname(args[0].as<Str>()->data(), is_str(args[1]) ? args[1].as<Str>()->data() : nullptr);
    return Value::integer(entry ? ntohs(uint16_t(entry->s_port)) : 0);
}

// ---- forms of addresses and numbers

bool is_address(int family, Value v) {
    unsigned char address[16];
    return is_str(v) && inet_pton(family, v.as<Str>()->data(), address) == 1;
}
Outcome is_numeric(VM&, Value* args) {  // family, host
    return Value::boolean(is_str(args[1]) &&
                          (args[1].as<Str>()->size == 0 || is_address(int(args[0].as_int()), args[1])));
}
Outcome to_packed(VM& vm, Value* args) {  // family, text
    unsigned char address[16];
    if (!is_int_like(args[0]))
        return vm.type_error("'%s' object cannot be interpreted as an integer", vm.type_name(args[0]));
    if (!is_str(args[1]))
        return vm.type_error("inet_pton() argument 2 must be str, not %s", vm.type_name(args[1]));
    int family = int(int_clamp(args[0]));
    int r = inet_pton(family, args[1].as<Str>()->data(), address);
    if (r < 0) return raise_os_error(vm, errno);
    if (r == 0) return vm.raise(kShapeOSError, "illegal IP address string passed to inet_pton");
    return Value::object(make_bytes(vm.heap, address, family == AF_INET ? 4 : 16));
}
Outcome from_packed(VM& vm, Value* args) {  // family, packed
    std::string_view packed;
    std::string scratch;
    if (!is_int_like(args[0]))
        return vm.type_error("'%s' object cannot be interpreted as an integer", vm.type_name(args[0]));
    if (!view_bytes(vm, args[1], packed, scratch))
        return vm.type_error("a bytes-like object is required, not '%s'", vm.type_name(args[1]));
    int family = int(int_clamp(args[0]));
    if (family != AF_INET && family != AF_INET6) return vm.value_error("unknown address family %d", family);
    if (packed.size() != (family == AF_INET ? 4u : 16u))
        return vm.value_error("invalid length of packed IP address string");
    char text[INET6_ADDRSTRLEN + 1];
    return inet_ntop(family, packed.data(), text, sizeof text) ? vm.checked(vm.str(text))
                                                               : raise_os_error(vm, errno);
}
Outcome aton(VM& vm, Value* args) {
    in_addr address;
    if (!is_str(args[0]))
        return vm.type_error("inet_aton() argument 1 must be str, not %s", vm.type_name(args[0]));
    if (!inet_aton(args[0].as<Str>()->data(), &address))
        return vm.raise(kShapeOSError, "illegal IP address string passed to inet_aton");
    return Value::object(make_bytes(vm.heap, &address, sizeof address));
}
Outcome ntoa(VM& vm, Value* args) {
    std::string_view packed;
    std::string scratch;
    if (!view_bytes(vm, args[0], packed, scratch))
        return vm.type_error("a bytes-like object is required, not '%s'", vm.type_name(args[0]));
    if (packed.size() != 4) return vm.raise(kShapeOSError, "packed IP wrong length");
    char text[INET_ADDRSTRLEN + 1];
    return vm.checked(vm.str(inet_ntop(AF_INET, packed.data(), text, sizeof text)));
}
template <unsigned bits>
Outcome swap_bytes(VM& vm, Value* args) {
    const char* name = bits == 16 ? "16-bit" : "32-bit";
    if (!is_int_like(args[0]))
        return vm.type_error("'%s' object cannot be interpreted as an integer", vm.type_name(args[0]));
    int64_t i = int_clamp(args[0]);
    if (i < 0) return vm.raisef(kShapeOverflowError, "can't convert negative value to unsigned int");
    if (i >> bits) return vm.raisef(kShapeOverflowError, "int larger than %s", name);
    return Value::integer(bits == 16 ? htons(uint16_t(i)) : int64_t(htonl(uint32_t(i))));
}
Outcome interface_index(VM& vm, Value* args) {
    if (!is_str(args[0])) return vm.type_error("a name is a str, not %s", vm.type_name(args[0]));
    unsigned index = if_nametoindex(args[0].as<Str>()->data());
    return index ? Outcome(Value::integer(index)) : vm.raise(kShapeOSError, "no interface with this name");
}

const NativeDef kAddressFunctions[] = {
    {.signature = "getaddrinfo(host, port, family, type, proto, flags, /)", .fn = look_up},
    {.signature = "getnameinfo(family, address, flags, /)", .fn = name_of_address},
    {.signature = "gai_strerror(code, /)", .fn = error_text},
    {.signature = "gethostname()", .fn = host_name},
    {.signature = "service_port(name, proto, /)", .fn = service_port},
    {.signature = "is_numeric(family, host, /)", .fn = is_numeric},
    {.signature = "inet_pton(family, text, /)", .fn = to_packed},
    {.signature = "inet_ntop(family, packed, /)", .fn = from_packed},
    {.signature = "inet_aton(text, /)", .fn = aton},
    {.signature = "inet_ntoa(packed, /)", .fn = ntoa},
    {.signature = "htons(x, /)", .fn = swap_bytes<16>},
    {.signature = "ntohs(x, /)", .fn = swap_bytes<16>},
    {.signature = "htonl(x, /)", .fn = swap_bytes<32>},
    {.signature = "ntohl(x, /)", .fn = swap_bytes<32>},
    {.signature = "if_nametoindex(name, /)", .fn = interface_index},
};

}  // namespace

void add_address_functions(VM& vm, Module* m) {
    for (const NativeDef& def : kAddressFunctions) {
        std::string_view text = def.signature.text;
        vm.set(m->dict, text.substr(0, text.find('(')), make_native(vm, def, vm.str("_socket")));
    }
    struct Row {
        const char* name;
        int value;
    };
    static const Row rows[] = {
#define ROW(name) {#name, name}
        ROW(AI_PASSIVE),  ROW(AI_CANONNAME), ROW(AI_NUMERICHOST), ROW(AI_NUMERICSERV), ROW(AI_ADDRCONFIG),
        ROW(AI_V4MAPPED), ROW(AI_ALL),       ROW(EAI_AGAIN),      ROW(EAI_BADFLAGS),   ROW(EAI_FAIL),
        ROW(EAI_FAMILY),  ROW(EAI_MEMORY),   ROW(EAI_NONAME),     ROW(EAI_SERVICE),    ROW(EAI_SOCKTYPE),
        ROW(EAI_SYSTEM),  ROW(EAI_OVERFLOW), ROW(NI_NUMERICHOST), ROW(NI_NUMERICSERV), ROW(NI_NAMEREQD),
        ROW(NI_DGRAM),    ROW(NI_NOFQDN),
#undef ROW
    };
    for (auto [name, value] : rows) vm.set(m->dict, name, Value::integer(value));
    vm.set(m->dict, "INADDR_ANY", Value::integer(0));
    vm.set(m->dict, "INADDR_LOOPBACK", Value::integer(0x7f000001));
    vm.set(m->dict, "INADDR_BROADCAST", Value::integer(int64_t(0xffffffff)));
    vm.set(m->dict, "INADDR_NONE", Value::integer(int64_t(0xffffffff)));
}

}  // namespace gen

#endif
