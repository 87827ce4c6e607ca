// asyncio's streams: the buffer of what has come and not been read, and the transport between a descriptor and a protocol.
//
// A transport whose protocol is a plain StreamReaderProtocol feeds the reader itself: from the descriptor to the task that waits for a
// line nothing is called. For other protocols the language calls the methods, see asyncio/_transports.gen.
#pragma once
#include "runtime/modules/asyncio.h"

namespace gen {

// Bytes in a Blob, taken from the front and added at the end.
struct ByteQueue {
    Value blob;         // or unbound
    Value first, last;  // ints: where they stand in it

    void init() {
        blob = Value::unbound();
        first = last = Value::integer(0);
    }
    size_t size() const { return size_t(last.as_int() - first.as_int()); }
    const uint8_t* data() const {
        return blob.is_object() ? blob.as<Blob>()->data + first.as_int() : nullptr;
    }
    bool append(VM&, Object* holder, const void* data, size_t n);  // false: out of memory
    void drop(size_t n);
};

struct StreamReader : Object {
    Value loop;
    ByteQueue bytes;
    Value limit;
    Value waiter;     // NativeCoroutine that waits for bytes, or unbound
    Value exception;  // or None
    Value transport;  // or None
    Value rest[6];
    enum State : uint8_t { kEof = 1, kPaused = 2 };
};

struct SocketTransport : Object {
    Value loop, socket, protocol;
    Value reader;  // that it feeds, or None
    Value descriptor;
    ByteQueue out;    // waits to be written
    Value high, low;  // bytes in it at which writers are to wait, and may go on
    Value extra;      // Dict, for get_extra_info()
    Value drainers;   // List of NativeCoroutines, or unbound
    Value server;     // or None
    Value lost;       // how often something was written after its end
    enum State : uint8_t {
        kClosing = 1,
        kEofWritten = 2,
        kReadPaused = 4,
        kWritePaused = 8,
        kLost = 16,
        kDelivering = 32,
        kListening = 64
    };
    enum Aux : uint8_t { kSocket = 1 };  // else a pipe, of which only one direction is open
};
static_assert(sizeof(StreamReader) == sizeof(LargeRecord) && sizeof(SocketTransport) == sizeof(LargeRecord));

inline bool is_stream_reader(VM& vm, Value v) { return vm.is_instance(v, kShapeStreamReader); }
inline bool is_socket_transport(VM& vm, Value v) { return vm.is_instance(v, kShapeSocketTransport); }

// ---- asyncio_stream.cpp
bool feed_reader(VM&, StreamReader*, const void* data, size_t n);  // false: out of memory
void feed_reader_eof(VM&, StreamReader*);
Outcome await_stream(VM&, NativeCoroutine*);
void abandon_stream(VM&, NativeCoroutine*);
void define_streams(VM&, Module*);

// ---- asyncio_transport.cpp
void pause_transport(VM&, Value transport);  // reading
void resume_transport(VM&, Value transport);
Outcome await_drain(VM&, NativeCoroutine*);
void abandon_drain(VM&, NativeCoroutine*);
void define_transports(VM&, Module*);
// Has the loop call a function of asyncio/_transports.gen soon.
void call_transport_helper(VM&, Value loop, const char* name, std::initializer_list<Value> args);

}  // namespace gen
