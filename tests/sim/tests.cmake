# The simulator's own tests: worlds by seed, defects that must be found, and the same worlds everywhere.
if(TARGET folkmoot_sim)
    add_executable(test_sim ${CMAKE_CURRENT_LIST_DIR}/sim_test.cpp)
    target_link_libraries(test_sim PRIVATE folkmoot_test_support folkmoot_sim)
    add_test(NAME sim COMMAND test_sim)
    set_tests_properties(sim PROPERTIES TIMEOUT 900)
endif()
