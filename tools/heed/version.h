#pragma once

#include <string>

#include "heed/core/io/json.h"

/// heed's version and what it stands on, line by line.
std::string version_text();

/// The same for run.json, with the number of threads.
heed::Json machine();
