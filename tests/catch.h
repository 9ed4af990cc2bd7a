#pragma once

// Catch2 2 (Debian 12) and 3 (Debian 13) alike.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif
