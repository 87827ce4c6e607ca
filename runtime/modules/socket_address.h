// Addresses of sockets: tuples of host and port, or paths, and what the system makes of them.
#pragma once
#include "runtime/modules/modules.h"

#include <sys/socket.h>

namespace gen {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }

    // Hosts are numeric here, apart from "" and "<broadcast>"; names are looked up before. False: raised, in the name of `caller`.
    bool read(VM&, int family, Value address, const char* caller);
    Value value(VM&) const;  // None: the system gave none
};

// getaddrinfo and the like, in _socket.
void add_address_functions(VM&, Module*);

}  // namespace gen
