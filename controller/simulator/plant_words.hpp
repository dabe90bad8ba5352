// SPDX-License-Identifier: Apache-2.0
// What policies may say where a plant is controlled, and no daemon.
#pragma once

#include "controller/simulator/plant.hpp"
#include "policies/model/vocabulary.hpp"

namespace homeostat {

/// Puts into the daemon's words what a simulation has besides: every signal is provided, the
/// plant's subjects are the inventory and what `batch_window` and `zone` can be set on, and the
/// levers `admission` and `rebalance` take what its model does. A policy about what the plant has
/// not loads all the same, about a subject that nothing is measured of: it is dropped later, with a
/// note
/// (`fitted`).
void add_plant_words(Vocabulary& words, const Plant& plant);

}  // namespace homeostat
