# The simulator's own tests: worlds by seed, defects that must be found, and the same worlds everywhere. A
# thousand worlds, in two parts that run side by side.
if(TARGET folkmoot_sim)
    add_executable(test_sim ${CMAKE_CURRENT_LIST_DIR}/sim_test.cpp)
    target_link_libraries(test_sim PRIVATE folkmoot_test_support folkmoot_sim)
    add_test(NAME sim COMMAND test_sim)
    add_test(NAME sim_more_worlds COMMAND test_sim --gtest_filter=*Q1_to_Q13*)
    set_tests_properties(sim sim_more_worlds PROPERTIES TIMEOUT 900)
    set_tests_properties(sim_more_worlds PROPERTIES ENVIRONMENT FOLKMOOT_SEED_START=501)
endif()
