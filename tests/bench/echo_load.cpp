// Measures an echo server: every connection sends a line, waits for it to come back, and sends the next.
//
//     g++ -O2 -std=c++20 tests/bench/echo_load.cpp -o echo_load
//     gen tests/bench/echo_server.gen 4700 &  ./echo_load 4700 CONNECTIONS SECONDS [BYTES] [ACTIVE]
//
// All connections stay open; ACTIVE of them (all, if not given) talk.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

using Clock = std::chrono::steady_clock;

struct Connection {
    int fd = -1;
    size_t received = 0;
    Clock::time_point sent;
};

static double microseconds(Clock::duration d) { return std::chrono::duration<double, std::micro>(d).count(); }

int main(int argc, char** argv) {
    if (argc < 4) return std::fprintf(stderr, "echo_load PORT CONNECTIONS SECONDS [BYTES] [ACTIVE]\n"), 2;
    const size_t count = size_t(std::atoi(argv[2]));
    const double seconds = std::atof(argv[3]);
    const size_t bytes = argc > 4 ? size_t(std::atoi(argv[4])) : 64;
    const size_t active = argc > 5 ? size_t(std::atoi(argv[5])) : count;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(uint16_t(std::atoi(argv[1])));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    std::string line(bytes - 1, 'x');
    line += '\n';
    std::vector<Connection> connections(count);
    int epoll = epoll_create1(0);
    auto begin = Clock::now();
    for (size_t i = 0; i < count; i++) {
        Connection& c = connections[i];
        c.fd = socket(AF_INET, SOCK_STREAM, 0);
        if (c.fd < 0 || connect(c.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0)
            return std::perror("connect"), 1;
        int one = 1;
        setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = i;
        epoll_ctl(epoll, EPOLL_CTL_ADD, c.fd, &event);
    }
    std::printf("%zu connections in %.2f s\n", count, microseconds(Clock::now() - begin) / 1e6);

    auto say = [&](Connection& c) {
        c.received = 0;
        c.sent = Clock::now();
        if (send(c.fd, line.data(), line.size(), MSG_NOSIGNAL) != ssize_t(line.size()))
            std::perror("send"), std::exit(1);
    };
    std::vector<double> latencies;
    latencies.reserve(1 << 20);
    begin = Clock::now();
    for (size_t i = 0; i < active; i++) say(connections[i]);
    std::vector<epoll_event> events(1024);
    std::vector<char> buffer(1 << 16);
    while (microseconds(Clock::now() - begin) < seconds * 1e6) {
        int n = epoll_wait(epoll, events.data(), int(events.size()), 100);
        for (int i = 0; i < n; i++) {
            Connection& c = connections[events[size_t(i)].data.u64];
            ssize_t got = recv(c.fd, buffer.data(), buffer.size(), 0);
            if (got <= 0) return std::fprintf(stderr, "the server closed a connection\n"), 1;
            c.received += size_t(got);
            if (c.received < line.size()) continue;
            latencies.push_back(microseconds(Clock::now() - c.sent));
            say(c);
        }
    }
    double took = microseconds(Clock::now() - begin) / 1e6;
    if (latencies.empty()) return std::fprintf(stderr, "nothing came back\n"), 1;
    std::sort(latencies.begin(), latencies.end());
    std::printf("%.0f messages/s of %zu bytes; latency p50 %.0f us, p99 %.0f us\n",
                double(latencies.size()) / took, bytes, latencies[latencies.size() / 2],
                latencies[latencies.size() * 99 / 100]);
}
