#include "runtime/host/environment.h"

#include "runtime/host/host.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

extern char** environ;

namespace gen {

std::mutex& environment_mutex() {
    static std::mutex mutex;
    return mutex;
}

Environment environment_of(VM& vm) {
    if (runtime_of(vm).environment) return *runtime_of(vm).environment;
    std::lock_guard guard(environment_mutex());
    Environment all;
    for (char** e = environ; e && *e; e++) all.emplace_back(*e);
    return all;
}

static Environment::iterator find(Environment& all, const std::string& name) {
    return std::find_if(all.begin(), all.end(), [&](const std::string& entry) {
        return entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name);
    });
}
static bool is_name(const std::string& s) { return !s.empty() && s.find('=') == std::string::npos; }

int set_variable(VM& vm, const std::string& name, const std::string& value) {
    if (!is_name(name)) return EINVAL;
    if (std::optional<Environment>& own = runtime_of(vm).environment) {
        if (auto at = find(*own, name); at != own->end())
            *at = name + '=' + value;
        else
            own->push_back(name + '=' + value);
        return 0;
    }
    std::lock_guard guard(environment_mutex());
    return setenv(name.c_str(), value.c_str(), 1) == 0 ? 0 : errno;
}

int unset_variable(VM& vm, const std::string& name) {
    if (!is_name(name)) return EINVAL;
    if (std::optional<Environment>& own = runtime_of(vm).environment) {
        if (auto at = find(*own, name); at != own->end()) own->erase(at);
        return 0;
    }
    std::lock_guard guard(environment_mutex());
    return unsetenv(name.c_str()) == 0 ? 0 : errno;
}

}  // namespace gen
