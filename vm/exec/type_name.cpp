// How error messages name the type of a value: CPython names the classes that are written in C with their module
// ('re.Match'), and all others without.
#include "vm/exec/vm.h"

namespace gen {

static constexpr const char* kNamedWithModule[] = {
    "_asyncio.Future",
    "_asyncio.Task",
    "_contextvars.Context",
    "_contextvars.ContextVar",
    "_contextvars.Token",
    "_io.BufferedRandom",
    "_io.BufferedReader",
    "_io.BufferedWriter",
    "_io.BytesIO",
    "_io.FileIO",
    "_io.StringIO",
    "_io.TextIOWrapper",
    "_queue.SimpleQueue",
    "_struct.Struct",
    "_thread.RLock",
    "_thread._local",
    "_thread.lock",
    "collections.OrderedDict",
    "collections.defaultdict",
    "collections.deque",
    "functools.KeyWrapper",
    "functools._lru_cache_wrapper",
    "functools.partial",
    "itertools.accumulate",
    "itertools.chain",
    "itertools.combinations",
    "itertools.combinations_with_replacement",
    "itertools.compress",
    "itertools.count",
    "itertools.cycle",
    "itertools.dropwhile",
    "itertools.filterfalse",
    "itertools.groupby",
    "itertools.islice",
    "itertools.pairwise",
    "itertools.permutations",
    "itertools.product",
    "itertools.repeat",
    "itertools.starmap",
    "itertools.takewhile",
    "itertools.zip_longest",
    "operator.attrgetter",
    "operator.itemgetter",
    "operator.methodcaller",
    "os.stat_result",
    "os.terminal_size",
    "posix.DirEntry",
    "posix.ScandirIterator",
    "re.Match",
    "re.Pattern",
    "sys.flags",
    "sys.version_info",
    "time.struct_time",
    "types.GenericAlias",
    "types.SimpleNamespace",
    "types.UnionType",
    "weakref.ReferenceType",
};

const char* VM::type_name(Value v) const {
    const Class* cls = class_of(v);
    const Str* name = cls->name.as<Str>();
    if (!cls->module.is_object() || cls->module.as_object()->kind != Kind::Str) return name->data();
    std::string_view module = cls->module.as<Str>()->view();
    for (std::string_view full : kNamedWithModule)
        if (full.size() == module.size() + 1 + name->view().size() && full.starts_with(module) &&
            full[module.size()] == '.' && full.ends_with(name->view()))
            return full.data();
    return name->data();
}

}  // namespace gen
